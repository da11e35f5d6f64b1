/**
 * Receivers that treat everything alike are told for what they are, in few findings.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/conformance/report.ts';
import { verify } from '../../src/conformance/verify.ts';
import { ModelReceiver, type Answer } from '../receivers/model/receiver.ts';
import { SIGNATURE_MUTANTS } from '../receivers/mutants/signature.ts';
import { examine, SECRET, SEED } from './lab.ts';

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

const report = async (receiver: ModelReceiver, withHooks: boolean): Promise<Report> => {
  await using running = receiver;
  await running.start();
  return await examine({ url: running.url, hooks: withHooks ? running.hooks : {} }, [
    'signature/*',
    'http/reachable',
    'http/survives',
  ]);
};

const failures = ({ checks }: Report): readonly string[] =>
  checks.filter(({ status }) => status === 'fail').map(({ id, level }) => `${id} ${level}`);

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
    expect(diagnosis).toContain('Whoever knows the URL can forge events');
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
    expect(survives?.actual).toMatch(/^it died of what signature\/\S+ sent, and did not come back/);
    expect(find(seen, 'signature/deep-nesting')).toMatchObject({
      status: 'not_tested',
      reason: expect.stringContaining('the receiver died'),
    });
    expect(failures(seen).filter((one) => one.endsWith('MUST'))).toEqual(['http/survives MUST']);
  });

  test('a receiver that is started again is told, too, and the rest is tested', async () => {
    const seen = await report(mutant('signature-crash-supervised'), false);
    expect(find(seen, 'http/survives')?.actual).toMatch(/and was back after \d+ ms/);
    expect(find(seen, 'signature/deep-nesting')?.status).toBe('pass');
  });

  test('a receiver that leaves forgeries without an answer does not hold the run up', async () => {
    await using receiver = new HangsOnForgeries(SECRET);
    await receiver.start();
    const { url } = receiver;
    const seen = await verify({
      url,
      secret: SECRET,
      seed: SEED,
      timeoutMs: 300,
      only: ['signature/*'],
    });
    expect(find(seen, 'signature/wrong-digest')).toMatchObject({
      status: 'not_tested',
      reason: expect.stringContaining('64 wrong digits: no complete answer'),
    });
    const unanswered = seen.checks.filter(
      ({ status, duration_ms: ms }) => status === 'pass' && ms > 300,
    );
    expect(unanswered).toEqual([]);
  });
});

test('what a receiver gives away is told without giving it away', async () => {
  for (const name of ['signature-leaks-expected', 'signature-leaks-secret']) {
    const seen = await report(mutant(name), false);
    expect(failures(seen)).toHaveLength(1);
    const text = JSON.stringify(seen);
    expect(text).not.toContain(SECRET);
    // Digests that may be shown are those that the suite made up.
    const leaked = seen.checks.find(({ status }) => status === 'fail')!.exchanges.at(-1)!;
    expect(leaked.response.body).toMatch(/<the (secret|right digest)>/);
  }
});

test.for([
  ['signature-includes', '"xsha256=${DIGEST}"'],
  ['signature-first-half', '"sha256=$(printf %s "$DIGEST" | cut -c1-63)"'],
] as const)('%s: the command makes the signature anew', async ([name, signature]) => {
  const seen = await report(mutant(name), false);
  const failed = seen.checks.find(({ status }) => status === 'fail');
  expect(failed?.reproduce).toContain(signature);
});
