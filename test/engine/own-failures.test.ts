/**
 * A failure of the sandbox itself, which no attempt may tell as the receiver's.
 *
 * @module
 */
import { fileURLToPath } from 'node:url';
import { configure, reset } from '@logtape/logtape';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock/system.ts';
import { createSigner } from '../../src/signature/sign.ts';
import { makeAttempt, type AttemptEnd } from '../../src/engine/delivery/attempt.ts';
import { createTransport, type Target } from '../../src/engine/delivery/transport.ts';
import { environment, run } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const attemptAt = async (target: Target): Promise<AttemptEnd> => {
  const transport = createTransport({
    wall: systemClock,
    timeoutMs: 5_000,
    allowPublicTargets: false,
  });
  const sendable = {
    target,
    sign: createSigner('a secret'),
    body: '{}',
    signature: 'valid',
  } as const;
  try {
    return await new Promise((resolve) => {
      makeAttempt(transport, 5_000, sendable, resolve);
    });
  } finally {
    await transport.close();
  }
};

afterEach(() => reset());

test('a request that the HTTP client refuses to send is an internal error, logged with its stack', async () => {
  const logged: { level: string; error: unknown }[] = [];
  await configure({
    sinks: {
      memory: ({ level, properties }) => logged.push({ level, error: properties['error'] }),
    },
    loggers: [
      { category: 'sendemall-mock', sinks: ['memory'], lowestLevel: 'error' },
      { category: ['logtape', 'meta'], sinks: [], lowestLevel: 'warning' },
    ],
  });
  const end = await attemptAt({ origin: 'http://127.0.0.1:9', path: 'no leading slash' });
  expect(end).toMatchObject({
    outcome: 'internal_error',
    error:
      'internal error of the sandbox (UND_ERR_INVALID_ARG), the receiver is not the cause; please report it',
  });
  expect(logged).toEqual([
    { level: 'error', error: expect.objectContaining({ stack: expect.any(String) }) },
  ]);
});

const OUT_OF_FILES = `
import { openSync } from 'node:fs';
import { createMock } from './src/create-mock.ts';

await using mock = await createMock({ port: null, clock: 'frozen' });
const headers = { 'x-user-context': 'a', 'content-type': 'application/json' };
const call = async (path, body) => {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const answer = await mock.app.fetch(new Request(mock.url + path, { headers, ...init }));
  return (await answer.json()).data;
};
const url = 'http://127.0.0.1:9/';
const trigger = () => call('/_sandbox/events', { event: 'email.opened' });
const attempt = async (id) => {
  for (;;) {
    const { attempts } = await call('/_sandbox/deliveries/' + id);
    if (attempts.length > 0) return attempts[0];
    await new Promise((resolve) => setImmediate(resolve));
  }
};
await call('/v1/webhooks', { url, events: ['*'], secret: 'whsec_your-signing-secret' });
// Everything that is loaded late is loaded by a first event.
await attempt((await trigger()).deliveries[0].id);
try { for (;;) openSync('/dev/null'); } catch (error) { if (error.code !== 'EMFILE') throw error; }
const { outcome, error } = await attempt((await trigger()).deliveries[0].id);
console.log(JSON.stringify({ outcome, error }));
`;

test.skipIf(process.platform === 'win32')(
  'a sandbox that has no file descriptor left says so, and asks nothing of the receiver',
  async () => {
    const script = `ulimit -n 200; exec "$0" --input-type=module --eval "$1"`;
    const { stdout, output } = await run('sh', ['-c', script, process.execPath, OUT_OF_FILES], {
      cwd: root,
      env: environment(),
    });
    expect(stdout, output).toContain('{"outcome"');
    expect(JSON.parse(stdout)).toEqual({
      outcome: 'internal_error',
      error: expect.stringMatching(
        /^the sandbox has run out of resources \(EMFILE\), the receiver is not the cause; raise its limits/u,
      ),
    });
  },
);
