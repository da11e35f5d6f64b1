/**
 * Receivers that never finish, answer without end, or echo what they should not: a run ends within its budget, and its
 * reports stay small, well-formed and without secrets.
 *
 * @module
 */
import { createServer as createTcpServer, type Socket } from 'node:net';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { Progress } from '../../src/conformance/options.ts';
import type { Report } from '../../src/conformance/report.ts';
import { REPORTERS } from '../../src/conformance/reporters.ts';
import { verify } from '../../src/conformance/verify.ts';
import { createSigner } from '../../src/signature/sign.ts';
import { kill, open } from '../receivers/receiver.ts';

const SECRET = `whsec_n3ver/to+be&seen"47<11`;
/** Far beyond any budget here: a run that has not ended by then does not end. */
const LIMIT_MS = 120_000;

type Answer = (response: ServerResponse, isSigned: boolean, request: IncomingMessage) => void;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const sign = createSigner(SECRET);

const receiver = async (answer: Answer): Promise<string> => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const signature = request.headers['x-sendemall-signature'];
      answer(response, signature === sign(Buffer.concat(chunks)), request);
    });
  });
  const port = await open(server);
  closing.push(() => kill(server));
  return `http://127.0.0.1:${port}/hook`;
};

/** Answers every connection with these bytes over and over. */
const flood = async (head: string, repeated: string): Promise<string> => {
  const open = new Set<Socket>();
  const piece = repeated.repeat(Math.ceil(4096 / repeated.length));
  const server = createTcpServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    socket.once('data', () => {
      const go = (): void => {
        if (!socket.destroyed && socket.write(piece)) setImmediate(go);
      };
      socket.on('drain', () => setImmediate(go));
      socket.write(head);
      go();
    });
    socket.resume();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/hook`;
};

const status = (isSigned: boolean): number => (isSigned ? 200 : 401);

const drip: Answer = (response, isSigned) => {
  response.writeHead(status(isSigned), { 'content-length': '100000' });
  const timer = setInterval(() => response.write('x'), 50);
  response.on('close', () => clearInterval(timer));
};

const endless: Answer = (response, isSigned) => {
  response.writeHead(status(isSigned));
  const piece = Buffer.alloc(65_536, 'y');
  // One piece a turn: the client is in this process, and a response whose client has left takes any number.
  const go = (): void => {
    if (response.destroyed || response.socket?.destroyed !== false) return;
    if (response.write(piece)) setImmediate(go);
  };
  response.on('drain', () => setImmediate(go));
  go();
};

const never: Answer = () => undefined;

const slow: Answer = (response, isSigned) => {
  setTimeout(() => response.writeHead(status(isSigned)).end(), 700);
};

const MARGIN_MS = 30_000;

describe('a run ends within its budget against a receiver', () => {
  test.for<[string, () => Promise<string>]>([
    ['that sends one byte at a time', () => receiver(drip)],
    ['that answers without end', () => receiver(endless)],
    ['that never answers', () => receiver(never)],
    ['that is slow with everything', () => receiver(slow)],
    ['with informational answers without end', () => flood('', 'HTTP/1.1 102 Processing\r\n\r\n')],
    ['with a head without end', () => flood('HTTP/1.1 200 OK\r\n', 'x-a: b\r\n')],
    ['with one header without end', () => flood('HTTP/1.1 200 OK\r\nx-a: ', 'b')],
    ['that does not speak HTTP', () => flood('', 'hello ')],
  ])('%s', { timeout: LIMIT_MS }, async ([, start]) => {
    const url = await start();
    const started = performance.now();
    const report = await verify({ url, secret: SECRET, seed: 1, budgetMs: 6000 });
    expect(performance.now() - started).toBeLessThan(6000 + MARGIN_MS);
    for (const write of Object.values(REPORTERS)) expect(write(report).length).toBeLessThan(8e6);
    if (report.summary.verdict !== 'not_conformant') {
      expect(report.cut_off).toMatchObject({ by: 'budget', budget_ms: 6000 });
      expect(report.summary.verdict).toBe('inconclusive');
    }
  });
});

describe('a request that the end of the run cuts off is no missing response', () => {
  test.for(['signature/accepts-valid', 'http/keep-alive'])('of %s', async (id) => {
    const ending = new AbortController();
    let signed = 0;
    const url = await receiver((response, isSigned) => {
      const isCutOff = isSigned && (signed += 1) > (id === 'http/keep-alive' ? 1 : 0);
      if (isCutOff) ending.abort();
      else response.writeHead(status(isSigned)).end();
    });
    const report = await verify({
      url,
      secret: SECRET,
      seed: 1,
      only: ['http/reachable', 'signature/accepts-valid', id, 'http/no-hang'],
      signal: ending.signal,
    });
    expect(signed).toBeGreaterThan(0);
    expect(report.interrupted).toBe(true);
    const failed = report.checks.filter(({ status: is }) => is === 'fail');
    expect(failed.map((one) => one.id)).toEqual([]);
  });
});

test(
  'a slow receiver is announced, and MUST comes before SHOULD',
  { timeout: LIMIT_MS },
  async () => {
    const url = await receiver(slow);
    const steps: Progress[] = [];
    const report = await verify({
      url,
      secret: SECRET,
      seed: 1,
      budgetMs: 15_000,
      onProgress: (step) => steps.push(step),
    });
    expect(steps.filter(({ type }) => type === 'slow')).toHaveLength(1);
    const begun = steps.flatMap((step) => (step.type === 'started' ? step.check : []));
    expect(begun.slice(0, 2).map(({ id }) => id)).toEqual([
      'http/reachable',
      'signature/accepts-valid',
    ]);
    expect(begun[2]!.id).toMatch(/^signature\//);
    const isMust = begun.map(({ level }) => level === 'MUST');
    expect(isMust.lastIndexOf(true)).toBeLessThan(
      isMust.includes(false) ? isMust.indexOf(false) : 99,
    );
    const left = report.checks.filter(({ cut_off: by }) => by === 'budget');
    expect(left.length).toBeGreaterThan(10);
    for (const { status: is, reason } of left) {
      expect(is).toBe('not_tested');
      expect(reason).toMatch(/^Not (reached|finished) within the time budget of 15 s\.$/);
    }
  },
);

/** Every form in which an error page may show a secret. */
const FORMS = [
  SECRET,
  SECRET.slice('whsec_'.length),
  encodeURIComponent(SECRET),
  SECRET.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
  JSON.stringify(SECRET),
  Buffer.from(SECRET).toString('base64'),
  Buffer.from(`user:${SECRET}`).toString('base64url'),
  Buffer.from(SECRET).toString('hex'),
  [...SECRET].toReversed().join(''),
];

const run = async (
  answer: Answer,
  more: Partial<Parameters<typeof verify>[0]> = {},
): Promise<Report> =>
  verify({ url: await receiver(answer), secret: SECRET, seed: 1, only: ['signature/*'], ...more });

test(
  'a secret that is echoed in any form is a leak, and in no report',
  { timeout: LIMIT_MS },
  async () => {
    let asked = 0;
    const report = await run((response, isSigned) => {
      asked += 1;
      const form = FORMS[asked % FORMS.length]!;
      response.writeHead(isSigned ? 200 : 401, { 'x-debug': encodeURIComponent(SECRET) }).end(form);
    });
    expect(report.checks.find(({ id }) => id === 'signature/leaks-secret')?.status).toBe('fail');
    for (const [format, write] of Object.entries(REPORTERS)) {
      const text = write(report);
      for (const form of FORMS.filter((one) => one !== JSON.stringify(SECRET))) {
        expect(text, `${format} shows ${form}`).not.toContain(form);
      }
      expect(text, format).not.toContain('n3ver');
    }
  },
);

test(
  'credentials of the target, of headers and of hooks are in no report',
  { timeout: LIMIT_MS },
  async () => {
    const target = await receiver((response, isSigned, { headers, url }) => {
      response
        .writeHead(isSigned ? 200 : 401)
        .end(`${url} ${JSON.stringify(headers)} api-key-4711-abc`);
    });
    const report = await verify({
      url: `${target}?token=tok-4711-abcdef&page=2`,
      secret: SECRET,
      seed: 1,
      only: ['signature/*'],
      headers: [['Authorization', 'Bearer bearer-4711-abcdef']],
      hidden: [['api-key-4711-abc', 'API key']],
    });
    for (const write of Object.values(REPORTERS)) {
      expect(write(report)).not.toMatch(/tok-4711|bearer-4711|api-key-4711/);
    }
    expect(report.target).toContain('page=2');
  },
);

test(
  'large answers make a small report that says what was cut',
  { timeout: LIMIT_MS },
  async () => {
    const body = Buffer.alloc(1_048_576, 'z');
    const report = await run((response, isSigned) => {
      response.writeHead(isSigned ? 500 : 401, { 'content-length': body.length }).end(body);
    });
    const cut = 'first 4,096 of 1,048,576 bytes';
    for (const [format, write] of Object.entries(REPORTERS)) {
      const text = write(report);
      expect(text.length, format).toBeLessThan(1e6);
      if (format !== 'pretty') expect(text.replaceAll('\\', ''), format).toContain(cut);
    }
  },
);
