/**
 * When the plain valid event is refused, the suite says why, in one finding, and stops.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../../src/conformance/catalogue.ts';
import type { Report } from '../../../src/conformance/report.ts';
import { verify } from '../../../src/conformance/verify.ts';
import { ModelReceiver } from '../../receivers/model/receiver.ts';
import { MUTANTS } from '../../receivers/mutants/all.ts';
import { examineMutant, SECRET } from '../run-suite.ts';

/** What the finding must say, by mutant. */
const CAUSES: Readonly<Record<string, RegExp>> = {
  'signature-key-newline': /with this secret and a newline after it/,
  'signature-key-quoted': /with this secret in double quotes/,
  'signature-key-prefix-stripped': /without "whsec_"/,
  'signature-key-base64-decoded': /decoded from base64, as Standard Webhooks/,
  'signature-key-unset': /with an empty secret/,
  'signature-key-other': /another secret than the one given/,
  'signature-content-empty': /over an empty body.*the HMAC of "".*you hashed nothing more/,
  'signature-content-object-object': /\[object Object\]/,
  'signature-content-python-dumps':
    /json\.dumps would \(the HMAC of json\.dumps\(parsed\)\), and rejects .*; first difference at byte \d+: sent/,
  'signature-content-base64': /base64 form of this body/,
  'signature-content-data-only': /"data" alone/,
  'signature-content-timestamped': /<timestamp>\.<body>/,
  'signature-base64': /accepts a signature that is in base64/,
  'signature-bare-hex': /lacks "sha256=" in front/,
  'signature-upper-case': /upper-case hex digits/,
  'signature-sha1': /HMAC-SHA1/,
  'signature-sha512': /HMAC-SHA512/,
  'signature-github-header': /in the header X-Hub-Signature-256/,
  'signature-other-header-base64': /in the header X-Signature, and .*and is in base64/,
  'signature-dumps-and-prefix': /json\.dumps would, and was made with this secret without "whsec_"/,
  'signature-header-lower-case': /in a header spelled x-sendemall-signature/,
  'signature-inverted': /the comparison is inverted/,
  'http-plain-on-https': /does not speak TLS/,
  'http-wrong-path': /nothing at \/hooks\/sendemall/,
  'http-slash': /only the slash at the end differs/,
  'http-redirect': /redirects to .*Only the trailing slash differs.*follows no redirect/,
  'http-redirect-to-login': /login page/,
  'http-get-only': /takes no POST \(405, Allow: GET, HEAD\)/,
  'http-csrf': /CSRF/,
  'http-basic-auth': /A login stands in front.*WWW-Authenticate: Basic/,
  'http-login-page': /A login stands in front.*session cookie.*HTML/,
  'http-tiny-limit': /bytes is too large/,
  'http-limiter': /rate limit.*Retry-After: 60/,
  'http-form-only': /does not take application\/json.*x-www-form-urlencoded is accepted/,
  'http-bad-gateway': /nginx.*answers 502 to everything/,
  'http-bot-check': /Cloudflare answers 403 with a page of its own/,
  'http-broken': /500 to every event, signed or not.*TypeError/,
  'http-handler-throws': /signature passes.*401.*handler fails.*KeyError/,
  'http-schema-too-strict': /signature seems to pass.*refused with 422.*lead_phone/,
  'http-cuts-connection': /cuts the connection/,
};

const GATES = ['http/reachable', 'signature/accepts-valid'];

const statuses = ({ checks }: Report, status: string): readonly string[] =>
  checks.filter((check) => check.status === status).map(({ id }) => id);

/** One failed gate, those before it passed, and nothing else tested. */
const expectOneFinding = (report: Report): void => {
  const [failed = '', ...more] = statuses(report, 'fail');
  expect(more).toEqual([]);
  expect(GATES).toContain(failed);
  expect(statuses(report, 'pass')).toEqual(GATES.slice(0, GATES.indexOf(failed)));
  expect(statuses(report, 'error')).toEqual([]);
  expect(report.summary.verdict).toBe('not_conformant');
};

const findingOf = (report: Report) => report.checks.find(({ status }) => status === 'fail');

describe.concurrent('one cause, one finding', () => {
  test.for(Object.entries(CAUSES))('%s', async ([name, says]) => {
    const mutant = MUTANTS.find((one) => one.name === name)!;
    const report = await examineMutant(mutant);
    expectOneFinding(report);
    const finding = findingOf(report)!;
    expect(finding.diagnosis).toMatch(says);
    expect(finding.fix!.length).toBeGreaterThan(30);
    expect(JSON.stringify(report)).not.toContain(SECRET);
  });
});

test.each([
  [
    'signature-body-reserialized',
    /the HMAC of JSON\.stringify\(parsed\)\).*first difference at byte/,
  ],
  [
    'signature-body-unescaped',
    /modified text; first difference at byte \d+: sent `\\`.*you hashed `\/`/,
  ],
  ['signature-body-trimmed', /white space around it removed/],
  ['signature-body-latin-1', /written as Latin-1.*sent `Zoë/],
  ['signature-body-decoded', /invalid UTF-8 replaced/],
])('a body that is changed before it is hashed: %s', async (name, says) => {
  const report = await examineMutant(
    MUTANTS.find((one) => one.name === name)!,
    ['signature/body-*'],
  );
  expect(statuses(report, 'fail')).toHaveLength(1);
  expect(findingOf(report)!.diagnosis).toMatch(says);
});

/** Never responds to the selected requests. */
class Hanging extends ModelReceiver {
  readonly hangs: (request: IncomingMessage) => boolean;

  constructor(hangs: (request: IncomingMessage) => boolean) {
    super(SECRET);
    this.hangs = hangs;
  }

  override async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.hangs(request)) await super.serve(request, response);
  }
}

describe.concurrent('a receiver that does not answer', () => {
  test('hangs on everything: one finding, and the run ends long before its time budget', async () => {
    await using receiver = new Hanging(() => true);
    await receiver.start();
    const report = await verify({ url: receiver.url, secret: SECRET, hooks: receiver.hooks });
    expectOneFinding(report);
    expect(findingOf(report)!.diagnosis).toMatch(
      /answers nothing at all: not the valid event within 10 s, and nothing else .* within 1 s/,
    );
    expect(findingOf(report)!.fix).toMatch(/Or it is only slow.*Answer 2xx as soon as/);
    expect(report.duration_ms).toBeLessThan(120_000);
  });

  test('hangs on valid events only', async () => {
    await using receiver = new Hanging(
      (request) => !/=(5f)+$/.test(receiver.headerOf(request) ?? '=5f'),
    );
    await receiver.start();
    const report = await verify({ url: receiver.url, secret: SECRET, timeoutMs: 300 });
    expectOneFinding(report);
    expect(findingOf(report)!.diagnosis).toMatch(/answers other requests .*401.*not a valid event/);
  });
});

describe.concurrent('a target that cannot be reached is no receiver to judge', () => {
  test.for([
    ['http://127.0.0.1:9/hook', /connection refused at 127\.0\.0\.1:9\. Start the receiver/],
    ['http://receiver-test.invalid/hook', /does not resolve at receiver-test\.invalid/],
  ] as const)('%s', async ([url, says]) => {
    const report = await verify({ url, secret: SECRET });
    expect(statuses(report, 'error')).toEqual(['http/reachable']);
    expect(statuses(report, 'not_tested')).toHaveLength(report.checks.length - 1);
    expect(report.checks.find(({ status }) => status === 'error')!.reason).toMatch(says);
    expect(report.summary.verdict).toBe('inconclusive');
  });
});

test('a receiver that rejects everything is one finding, whichever checks are selected', async () => {
  await using receiver = new (class extends ModelReceiver {
    override verify(): boolean {
      return false;
    }
  })(SECRET);
  await receiver.start();
  const only = ['signature/missing-header'];
  const report = await verify({ url: receiver.url, secret: SECRET, only });
  expectOneFinding(report);
  expect(report.checks.map(({ id }) => id).toSorted()).toEqual([...GATES, ...only].toSorted());
});

test('a server that does not speak HTTP is distinguished from one that does', async () => {
  const server = createServer((socket) =>
    socket.end('SSH-2.0-OpenSSH_9.9\r\n').on('error', () => {}),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const report = await verify({ url: `http://127.0.0.1:${port}/hook`, secret: SECRET });
  server.close();
  expectOneFinding(report);
  expect(findingOf(report)!.diagnosis).toMatch(/something that is not HTTP/);
});

test('a diagnosis sends no more than it should', async () => {
  let requests = 0;
  await using receiver = new (class extends ModelReceiver {
    override async answer() {
      requests += 1;
      return { status: 401 };
    }
  })(SECRET);
  await receiver.start();
  const report = await verify({ url: receiver.url, secret: SECRET });
  expectOneFinding(report);
  expect(findingOf(report)!.diagnosis).toMatch(
    /another secret.*something in front refuses everything/,
  );
  expect(requests).toBeGreaterThan(80);
  expect(requests).toBeLessThanOrEqual(135);
});

test('nothing that was signed with the secret is shown', async () => {
  const seen = new Set<string>();
  await using receiver = new (class extends ModelReceiver {
    override key(): string {
      return 'whsec_of-another-webhook';
    }

    override verify(raw: Buffer, request: IncomingMessage): boolean {
      const digest = /[0-9a-f]{32,}|[0-9A-F]{32,}|[\w+/]{40,}/.exec(
        this.headerOf(request) ?? '',
      )?.[0];
      if (digest !== undefined && !/^(5f)+$/.test(digest)) seen.add(digest);
      return super.verify(raw, request);
    }
  })(SECRET);
  await receiver.start();
  const text = JSON.stringify(await verify({ url: receiver.url, secret: SECRET, seed: 1 }));
  expect(seen.size).toBeGreaterThan(60);
  expect([...seen].filter((digest) => text.includes(digest))).toEqual([]);
});

test('a receiver that fails once, as it starts, is not given up', async () => {
  let first = true;
  await using receiver = new (class extends ModelReceiver {
    override async answer(raw: Buffer, request: IncomingMessage) {
      const fails = first;
      first = false;
      return fails ? { status: 503 } : super.answer(raw, request);
    }
  })(SECRET);
  await receiver.start();
  const { checks } = await verify({
    url: receiver.url,
    secret: SECRET,
    only: ['signature/accepts-valid'],
  });
  expect(checks).toMatchObject([
    { status: 'pass', reason: expect.stringContaining('second attempt') },
    { id: 'http/reachable', status: 'pass' },
  ]);
});

test('every mutant of the gates has its cause here', () => {
  const names = CATALOGUE.filter(({ id }) => GATES.includes(id)).flatMap(({ catches }) => catches);
  expect(Object.keys(CAUSES).toSorted()).toEqual(names.toSorted());
});
