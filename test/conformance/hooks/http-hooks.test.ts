/**
 * Hooks as URLs and commands: what they ask, and what is said of wrong answers.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createHttpHooks } from '../../../src/conformance/hooks/http-hooks.ts';
import { kill, open } from '../../receivers/receiver.ts';
import { eventually } from '../../support/eventually.ts';

/** A server that answers every request so; what it was asked is kept. */
const answering = async (status: number, body: string) => {
  const asked: { method: string; url: string; body: string }[] = [];
  const server = createServer((request, response) => {
    let sent = '';
    request.on('data', (chunk: Buffer) => (sent += chunk.toString()));
    request.on('end', () => {
      asked.push({ method: request.method!, url: request.url!, body: sent });
      response.writeHead(status).end(body);
    });
  });
  const port = await open(server);
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: () => kill(server),
  };
};

describe('options', () => {
  test('a template without its placeholder is refused, with an example', () => {
    expect(() => createHttpHooks({ effectsUrl: 'http://localhost/effects' })).toThrow(
      'effectsUrl "http://localhost/effects" does not contain {id}. Put it where the event id belongs, as in http://localhost:3000/test/effects/{id}.',
    );
    expect(() => createHttpHooks({ stateUrl: 'http://localhost/leads/{id}' })).toThrow(
      'stateUrl "http://localhost/leads/{id}" does not contain {lead_email}. Put it where the lead address belongs, as in http://localhost:3000/test/leads/{lead_email}.',
    );
  });

  test.each([
    ['faultUrl', 'localhost:3000/fault', { faultUrl: 'localhost:3000/fault' }],
    ['faultUrl', '/fault', { faultUrl: '/fault' }],
    ['recoverUrl', 'ftp://localhost/x', { recoverUrl: 'ftp://localhost/x' }],
    ['effectsUrl', 'httpsx://localhost/{id}', { effectsUrl: 'httpsx://localhost/{id}' }],
    ['stateUrl', 'xhttp://a/{lead_email}', { stateUrl: 'xhttp://a/{lead_email}' }],
  ])('%s "%s" is refused', (flag, url, options) => {
    expect(() => createHttpHooks(options)).toThrow(
      `${flag} "${url}" is not an http or https URL. Pass the full URL.`,
    );
  });

  test('a placeholder may be anywhere, and the URL a secure one', () => {
    const { effects, state } = createHttpHooks({
      effectsUrl: 'https://{id}.example/{id}',
      stateUrl: 'https://a.example/?lead={lead_email}',
    });
    expect([typeof effects, typeof state]).toEqual(['function', 'function']);
  });

  test('two ways to see effects, or to recover, are refused', () => {
    const effectsSink = { sandboxUrl: 'http://localhost', apiKey: 'k', name: 'crm' };
    expect(() => createHttpHooks({ effectsUrl: 'http://localhost/{id}', effectsSink })).toThrow(
      'effectsUrl and effectsSink are mutually exclusive. Pass only one of them.',
    );
    expect(() =>
      createHttpHooks({ recoverUrl: 'http://localhost', recoverCommand: 'true' }),
    ).toThrow('recoverUrl and recoverCommand are mutually exclusive. Pass only one of them.');
  });

  test('only what is given is there', () => {
    const given = Object.entries(createHttpHooks({ faultUrl: 'http://localhost/fault' }));
    expect(given.flatMap(([name, hook]) => (hook === undefined ? [] : [name]))).toEqual(['fault']);
  });
});

describe('effects', () => {
  test('the id is asked for, percent-encoded, and the count is what came', async () => {
    await using server = await answering(200, '{"count": 3, "more": true}');
    const hooks = createHttpHooks({ effectsUrl: `${server.url}/effects/{id}?all=1` });
    expect(await hooks.effects?.('evt_a/b')).toBe(3);
    expect(server.asked).toEqual([{ method: 'GET', url: '/effects/evt_a%2Fb?all=1', body: '' }]);
  });

  test.each([
    [404, 'Not found', 'answered 404 with "Not found"'],
    [200, '', 'answered 200 without a body'],
    [200, '{"count": "3"}', String.raw`answered 200 with "{\"count\": \"3\"}"`],
    [200, '{"count": -1}', 'answered 200'],
    [302, '', 'answered 302'],
    [201, '{"count": 1}', String.raw`answered 201 with "{\"count\": 1}"`],
    [200, ' \n', 'answered 200 without a body'],
    [200, 'x'.repeat(200), `answered 200 with "${'x'.repeat(200)}"`],
    [200, 'x'.repeat(201), `answered 200 with "${'x'.repeat(200)}…"`],
  ])('%i %s is an error that says what it must answer', async (status, body, told) => {
    await using server = await answering(status, body);
    const hooks = createHttpHooks({ effectsUrl: `${server.url}/{id}` });
    const asking = hooks.effects?.('evt_1');
    await expect(asking).rejects.toMatchObject({
      name: 'HookError',
      message: expect.stringContaining(`The effects hook, GET ${server.url}/evt_1, ${told}`),
    });
    await expect(asking).rejects.toThrow('It must respond with 200 and {"count": n}');
  });

  test('a hook without a listener is reported at once', async () => {
    const server = createServer();
    const url = `http://127.0.0.1:${await open(server)}`;
    await kill(server);
    const hooks = createHttpHooks({ effectsUrl: `${url}/{id}` });
    await expect(hooks.effects?.('evt_1')).rejects.toThrow(
      `The effects hook, GET ${url}/evt_1, cannot be reached (ECONNREFUSED). Check the address, and that the receiver is up.`,
    );
  });

  test('no answer within the limit is an error; the clock says when', async () => {
    const server = createServer(() => undefined);
    const port = await open(server);
    const waits: { ms: number; wake: () => void }[] = [];
    const wall = {
      now: () => 0,
      after: (ms: number, wake: () => void) => {
        waits.push({ ms, wake });
        return () => undefined;
      },
    };
    const hooks = createHttpHooks({ effectsUrl: `http://127.0.0.1:${port}/{id}`, wall });
    const asking = hooks.effects?.('evt_1');
    expect(waits.map(({ ms }) => ms)).toEqual([5000]);
    waits[0]?.wake();
    await expect(asking).rejects.toThrow('did not answer within 5 s');
    await kill(server);
  });

  test('an interruption ends the wait', async () => {
    const server = createServer(() => undefined);
    const port = await open(server);
    const interruption = new AbortController();
    const hooks = createHttpHooks({
      effectsUrl: `http://127.0.0.1:${port}/{id}`,
      signal: interruption.signal,
    });
    const asking = hooks.effects?.('evt_1');
    interruption.abort();
    await expect(asking).rejects.toThrow('was interrupted');
    await kill(server);
  });
});

describe('state', () => {
  const stateFrom = async (status: number, body: string) => {
    await using server = await answering(status, body);
    const hooks = createHttpHooks({ stateUrl: `${server.url}/leads/{lead_email}` });
    const state = await hooks.state?.('sarah+1@example.com');
    return { state, asked: server.asked[0]?.url, base: server.url };
  };

  test('404 is a lead that is not known at the URL that was asked; the "@" is as it is', async () => {
    const { state, asked, base } = await stateFrom(404, 'no such lead');
    expect(asked).toBe('/leads/sarah%2B1@example.com');
    expect(state).toEqual({ known: false, asked: base + asked });
  });

  test('what is there is taken, null is left out, more is no harm', async () => {
    const body =
      '{"suppressed": true, "unsubscribed": null, "open_count": 2, "sentiment": null, "name": "Sarah"}';
    const { state } = await stateFrom(200, body);
    expect(state).toEqual({
      known: true,
      suppressed: true,
      open_count: 2,
      sentiment: null,
      keys: ['suppressed', 'unsubscribed', 'open_count', 'sentiment', 'name'],
    });
  });

  test('rates may be what Python writes and JSON does not know', async () => {
    const { state } = await stateFrom(
      200,
      '{"rates": {"a": NaN, "b": 0.5, "c": null, "d": -Infinity}}',
    );
    expect(state?.rates).toEqual({ a: Number.NaN, b: 0.5, c: null, d: -Infinity });
  });

  test.each([
    ['{"rates": {"a":NaN}}', { a: Number.NaN }],
    ['{"rates": {"a": Infinity , "b" :-Infinity}}', { a: Infinity, b: -Infinity }],
    ['{"rates": {"NaN": 1}, "more": [NaN, -Infinity, "NaN,Infinity"]}', { NaN: 1 }],
  ])('and stands where a value may: %s', async (body, rates) => {
    expect((await stateFrom(200, body)).state?.rates).toEqual(rates);
  });

  test('201 is an error, and so is what is no JSON', async () => {
    await expect(stateFrom(201, '{"suppressed": true}')).rejects.toThrow('answered 201');
    await expect(stateFrom(200, 'xNaN')).rejects.toThrow('answered 200 with "xNaN".');
  });

  test('a member of another type is an error that shows the shape', async () => {
    await expect(stateFrom(200, '{"suppressed": "yes"}')).rejects.toThrow(
      /^The state hook, GET .* answered 200 with .*\. It must respond with 200 and the stored state of the lead/,
    );
  });
});

describe('fault and recovery by URL', () => {
  test('they post what is documented', async () => {
    await using server = await answering(204, '');
    const hooks = createHttpHooks({
      faultUrl: `${server.url}/fault`,
      recoverUrl: `${server.url}/recover`,
    });
    await hooks.fault?.(true);
    await hooks.recover?.({ apiUrl: 'http://sandbox', apiKey: 'key', webhookId: 'whk_1' });
    expect(server.asked.map(({ method, url, body }) => [method, url, JSON.parse(body)])).toEqual([
      ['POST', '/fault', { fail: true }],
      ['POST', '/recover', { api_url: 'http://sandbox', api_key: 'key', webhook_id: 'whk_1' }],
    ]);
  });

  const from = { apiUrl: 'http://sandbox', apiKey: 'key', webhookId: 'whk_1' };

  test('any 2xx is taken', async () => {
    for (const status of [200, 202, 299]) {
      await using server = await answering(status, 'done');
      const hooks = createHttpHooks({ faultUrl: server.url, recoverUrl: server.url });
      expect(await hooks.fault!(true)).toBeUndefined();
      expect(await hooks.recover!(from)).toBeUndefined();
    }
  });

  test.each([500, 300, 404])('%i is an error that says what to take', async (status) => {
    await using server = await answering(status, 'oops');
    const hooks = createHttpHooks({ faultUrl: server.url, recoverUrl: server.url });
    await expect(hooks.fault?.(false)).rejects.toThrow(
      `The fault hook, POST ${server.url}, answered ${status} with "oops". It must accept POST {"fail": true}`,
    );
    await expect(hooks.recover?.(from)).rejects.toThrow(
      `The recover hook, POST ${server.url}, answered ${status} with "oops". It must accept POST {"api_url"`,
    );
  });

  test('what was made to fail is made to work again, also after an interruption', async () => {
    await using server = await answering(204, '');
    const hooks = createHttpHooks({ faultUrl: server.url, signal: AbortSignal.abort() });
    await expect(hooks.fault!(true)).rejects.toThrow(
      `The fault hook, POST ${server.url}, was interrupted.`,
    );
    await hooks.fault!(false);
    expect(server.asked.map(({ body }) => body)).toEqual(['{"fail":false}']);
  });
});

describe('commands', () => {
  test('one that fails is an error with its status and what it said', async () => {
    const hooks = createHttpHooks({ restartCommand: 'echo no such container >&2; exit 3' });
    await expect(hooks.restart?.()).rejects.toThrow(
      'The restart command "echo no such container >&2; exit 3" exited with 3; it must exit with 0. Output: no such container',
    );
  });

  test('one that does not end is killed, with all that it has started', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hooks-'));
    const waits: (() => void)[] = [];
    const wall = {
      now: () => 0,
      after: (_ms: number, wake: () => void) => {
        waits.push(wake);
        return () => undefined;
      },
    };
    const restartCommand = `sleep 60 & echo $! > ${folder}/pid; wait`;
    const restarting = createHttpHooks({ restartCommand, wall }).restart?.();
    await eventually(() =>
      expect(Number(readFileSync(`${folder}/pid`, 'utf8'))).toBeGreaterThan(0),
    );
    waits[0]?.();
    await expect(restarting).rejects.toThrow('did not exit within 60 s');
    const pid = Number(readFileSync(`${folder}/pid`, 'utf8'));
    await eventually(() => expect(isRunning(pid)).toBe(false));
    rmSync(folder, { recursive: true });
  });
});

/** A process that has ended may be there as a name until its parent looks. */
const isRunning = (pid: number): boolean => {
  try {
    const state = / ([A-Z]) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
    return state !== 'Z';
  } catch {
    return false;
  }
};
