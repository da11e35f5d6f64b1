/**
 * Receivers that treat everything alike are diagnosed correctly, in few findings.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/conformance/report.ts';
import { verify } from '../../src/conformance/verify.ts';
import { ModelReceiver, type Answer, type Event } from '../receivers/model/receiver.ts';
import { MUTANTS } from '../receivers/mutants/all.ts';
import { SIGNATURE_MUTANTS } from '../receivers/mutants/signature.ts';
import { examine, SECRET, SEED } from './run-suite.ts';

class AcceptsAll extends ModelReceiver {
  override verify(): boolean {
    return true;
  }
}

class RefusesAll extends ModelReceiver {
  override async receive(): Promise<Answer> {
    return { status: 401 };
  }
}

class HangsOnForgeries extends ModelReceiver {
  override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    return this.verify(raw, request) ? super.receive(raw, request) : new Promise(() => {});
  }
}

/** As Go writes JSON: the plain event looks the same. */
class HashesGoJson extends ModelReceiver {
  override signedContent(raw: Buffer): string {
    return JSON.stringify(JSON.parse(raw.toString())).replaceAll(
      /[<>&]/g,
      (letter) => String.raw`\u00` + letter.charCodeAt(0).toString(16),
    );
  }
}

/** As one whose handler is a goroutine or a thread of its own: what it throws ends the process. */
class DiesOverNoData extends ModelReceiver {
  override async process(event: Event): Promise<Answer> {
    if ((event.data as object | null) !== null) return super.process(event);
    await this.stop();
    return { status: 500 };
  }
}

/** Answers so, before it does anything, where the test says. */
class Refuses extends ModelReceiver {
  readonly status: number;
  readonly refuses: (event: Event, raw: Buffer) => boolean;
  constructor(status: number, refuses: Refuses['refuses']) {
    super(SECRET);
    this.status = status;
    this.refuses = refuses;
  }
  override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
    const right = this.verify(raw, request);
    return right && this.refuses(JSON.parse(raw.toString()) as Event, raw)
      ? { status: this.status }
      : super.receive(raw, request);
  }
}

const report = async (
  receiver: ModelReceiver,
  withHooks: boolean,
  only: readonly string[] = ['signature/*', 'http/reachable', 'http/survives'],
): Promise<Report> => {
  await using running = receiver;
  await running.start();
  return await examine({ url: running.url, hooks: withHooks ? running.hooks : {} }, only);
};

const failures = ({ checks }: Report): readonly string[] =>
  checks.filter(({ status }) => status === 'fail').map(({ id, level }) => `${id} ${level}`);

/** Failures of the most severe level; other findings may be reported beside them. */
const musts = (seen: Report): readonly string[] =>
  failures(seen).filter((one) => one.endsWith('MUST'));

/** Failures that count; an INFO may be reported beside them. */
const scored = (seen: Report): readonly string[] =>
  failures(seen).filter((one) => !one.endsWith('INFO'));

const find = ({ checks }: Report, id: string) => checks.find((check) => check.id === id);

const mutant = (name: string): ModelReceiver =>
  SIGNATURE_MUTANTS.find((one) => one.name === name)!.make(SECRET);

describe.concurrent('one cause, one finding', () => {
  test.for([true, false])('a receiver that accepts everything (hooks: %s)', async (withHooks) => {
    const seen = await report(new AcceptsAll(SECRET), withHooks);
    expect(failures(seen)).toEqual(['signature/wrong-digest MUST']);
    expect(seen.summary.verdict).toBe('not_conformant');
    const { actual, diagnosis } = find(seen, 'signature/wrong-digest')!;
    expect(actual).toMatch(/^accepted 64 wrong digits: 204/);
    expect(actual).toEqual(
      withHooks ? expect.stringMatching(/and processed it$/) : expect.not.stringMatching(/process/),
    );
    expect(diagnosis).toContain('Anyone who knows the URL can forge events');
    expect(find(seen, 'signature/default-key')?.reason).toContain('signature/wrong-digest');
  });

  test('a receiver that refuses everything has not refused a single forgery', async () => {
    const seen = await report(new RefusesAll(SECRET), true);
    expect(failures(seen)).toEqual(['signature/accepts-valid MUST']);
    const others = seen.checks.filter(({ id }) => /^signature\/(?!accepts-valid)/.test(id));
    expect(others.map(({ status }) => status)).toEqual(others.map(() => 'not_tested'));
  });

  test('a receiver that dies is found by what it died of; the rest is not tested', async () => {
    const seen = await report(mutant('signature-crash-for-good'), false);
    const survives = find(seen, 'http/survives');
    expect(survives).toMatchObject({ status: 'fail', level: 'MUST' });
    expect(survives?.actual).toMatch(
      /^the receiver crashed on a request of signature\/\S+ and did not recover/,
    );
    expect(find(seen, 'signature/deep-nesting')).toMatchObject({
      status: 'not_tested',
      reason: expect.stringContaining('the receiver crashed'),
    });
    expect(musts(seen)).toEqual(['http/survives MUST']);
  });

  test('a receiver that is restarted by a supervisor is reported, too, and the rest is tested', async () => {
    const seen = await report(mutant('signature-crash-supervised'), false);
    expect(find(seen, 'http/survives')?.actual).toMatch(/and was available again after \d+ ms/);
    expect(find(seen, 'signature/deep-nesting')?.status).toBe('pass');
  });

  test('a receiver that hashes reserialized JSON: checks of contents are not meaningful', async () => {
    const seen = await report(new HashesGoJson(SECRET), true, ['signature/*', 'content/*']);
    expect(musts(seen)).toEqual(['signature/body-reserialized MUST']);
    const waiting = ['event-types', 'waf', 'unknown-field', 'long-preview', 'optional-null'];
    for (const name of waiting) {
      expect(find(seen, `content/${name}`)).toMatchObject({
        status: 'not_tested',
        reason: 'Not meaningful until signature/body-reserialized passes.',
      });
    }
  });

  test('a receiver that fails over the types that it does not use hashes the right bytes', async () => {
    const used = ['email.replied', 'email.unsubscribed'];
    const narrow = new Refuses(500, ({ event }) => !used.includes(event));
    const seen = await report(narrow, true, ['signature/body-*', 'content/*', 'domain/*']);
    expect(find(seen, 'signature/body-reserialized')?.status).toBe('pass');
    expect(find(seen, 'content/event-types')?.status).toBe('fail');
    expect(find(seen, 'domain/no-lead-event')?.reason).toContain('content/event-types');
  });

  test('a receiver that rejects 1.0 as an integer is reported, and the rest is tested', async () => {
    const strict = new Refuses(400, (_, raw) => raw.includes('"sequence_step":1.0'));
    const seen = await report(strict, true, ['signature/body-*', 'content/*']);
    expect(musts(seen)).toEqual([]);
    expect(find(seen, 'signature/body-reserialized')).toMatchObject({
      status: 'pass',
      reason: expect.stringContaining('an integer written as 1.0 is rejected') as string,
    });
    expect(find(seen, 'content/event-types')?.status).toBe('pass');
  });

  const lengths = ['signature/body-*', 'content/long-preview', 'content/size-limit'];
  test('a limit on bodies is found as one, however low', async () => {
    const low = new Refuses(413, (_, { length }) => length > 2000);
    const seen = await report(low, false, lengths);
    expect(scored(seen)).toEqual(['content/size-limit SHOULD']);
    expect(find(seen, 'content/long-preview')?.reason).toContain('see content/size-limit');
  });

  test('a column that is too short says nothing of the size of bodies', async () => {
    const short = new Refuses(500, ({ data }) => String(data['reply_preview']).length > 255);
    const seen = await report(short, false, lengths);
    expect(scored(seen)).toEqual(['content/long-preview SHOULD']);
    expect(find(seen, 'content/size-limit')?.reason).toContain('content/long-preview');
  });

  test('a column that is too short for something else leaves the size of bodies to be judged', async () => {
    const short = new Refuses(500, ({ data }) => String(data['user_agent']).length > 255);
    const seen = await report(short, false, lengths);
    expect(scored(seen)).toEqual(['content/long-preview SHOULD']);
    expect(find(seen, 'content/size-limit')?.status).toBe('pass');
  });

  test('a receiver that takes the first packet for the whole body is one finding', async () => {
    const made = MUTANTS.find(({ name }) => name === 'http-first-packet-only')!.make(SECRET);
    const seen = await report(made, false, ['http/s*-body', 'content/size-limit']);
    expect(musts(seen)).toEqual(['http/split-body MUST']);
    for (const id of ['http/slow-body', 'content/size-limit']) {
      expect(find(seen, id)?.reason).toBe('Not meaningful until http/split-body passes.');
    }
  });

  const dying = ['http/*', 'delivery/dup-seq', 'delivery/poison-block'];
  test.for([true, false])('a receiver that dies over no data (hooks: %s)', async (withHooks) => {
    const seen = await report(new DiesOverNoData(SECRET), withHooks, dying);
    // Only the holder of the secret can send it, and the provider does not.
    expect(scored(seen)).toEqual(['http/survives SHOULD']);
    expect(find(seen, 'http/survives')?.exchanges.at(-1)?.request.body).toContain('"data":null}');
  });

  test('a queue that is held up by what is no event, and no other check by it', async () => {
    const stuck = MUTANTS.find(({ name }) => name === 'delivery-stuck-on-poison')!.make(SECRET);
    const seen = await report(stuck, true, [...dying, 'domain/*']);
    expect(musts(seen)).toEqual(['delivery/poison-block MUST']);
  });

  test('a receiver that leaves forgeries without an answer does not hold the run up', async () => {
    await using receiver = new HangsOnForgeries(SECRET);
    await receiver.start();
    const { url } = receiver;
    const seen = await verify({
      url,
      secret: SECRET,
      seed: SEED,
      timeoutMs: 1000,
      only: ['signature/*'],
    });
    expect(find(seen, 'signature/wrong-digest')).toMatchObject({
      status: 'not_tested',
      reason: expect.stringContaining('64 wrong digits: no complete response'),
    });
    const unanswered = seen.checks.filter(
      ({ status, exchanges }) =>
        status === 'pass' && exchanges.some(({ response }) => response.status === null),
    );
    expect(unanswered).toEqual([]);
  });
});

test('a leak is reported without repeating the leaked secret', async () => {
  for (const name of ['signature-leaks-expected', 'signature-leaks-secret']) {
    const seen = await report(mutant(name), false);
    expect(failures(seen)).toHaveLength(1);
    const text = JSON.stringify(seen);
    expect(text).not.toContain(SECRET);
    // Only digests that the suite generated may be shown.
    const leaked = seen.checks.find(({ status }) => status === 'fail')!.exchanges.at(-1)!;
    expect(leaked.response.body).toMatch(/<the (secret|right digest)>/);
  }
});

test.for([
  ['signature-includes', /"sha256=\$\{DIGEST\}zz"/],
  // Where the first wrong digit happens to be the right one, the command takes one digit more.
  ['signature-first-half', /"sha256=\$\(printf %s "\$DIGEST" \| cut -c1-3[2-9]\)/],
] as const)('%s: the command computes the signature again', async ([name, signature]) => {
  const seen = await report(mutant(name), false);
  const failed = seen.checks.find(({ status }) => status === 'fail');
  expect(failed?.reproduce).toMatch(signature);
});
