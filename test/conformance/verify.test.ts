/**
 * A run by its options.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import type { VerifyOptions } from '../../src/conformance/options.ts';
import type { Report } from '../../src/conformance/report.ts';
import { verify } from '../../src/conformance/verify.ts';
import { SECRET } from './run-suite.ts';
import { right, scripted, type Heard, type Script } from './scripted-receiver.ts';

const ONE = ['signature/missing-header'];

const run = async (
  more: Partial<VerifyOptions> = {},
  script: Script = right,
): Promise<{ readonly report: Report; readonly heard: readonly Heard[] }> => {
  await using receiver = await scripted(script);
  const report = await verify({ url: receiver.url, secret: SECRET, only: ONE, seed: 1, ...more });
  return { report, heard: receiver.heard };
};

const takesAll: Script = () => 204;

describe('options that do not fit', () => {
  test.for(['nothing', 'ftp://a.example/', 'localhost:3000/hook', ''])('URL "%s"', async (url) => {
    await expect(verify({ url, secret: SECRET })).rejects.toMatchObject({
      name: 'OptionsError',
      message: `"${url}" is not an http or https URL. Pass the full receiver URL.`,
    });
  });

  test('no secret', async () => {
    await expect(verify({ url: 'http://localhost:1/', secret: '' })).rejects.toThrow(
      'The secret is empty. Pass the secret of the receiver.',
    );
  });
});

describe('a run', () => {
  test('says what it was, and what came of it', async () => {
    const before = Date.now();
    const { report, heard } = await run();
    expect(report).toMatchObject({
      tool: { name: 'sendemall-mock' },
      target: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/hook$/) as string,
      seed: 1,
      interrupted: false,
      baseline: null,
      summary: { passed: 3, failed: 0, verdict: 'passed' },
    });
    expect(report.checks.map(({ id }) => id).toSorted()).toEqual(
      ['http/reachable', 'signature/accepts-valid', ...ONE].toSorted(),
    );
    expect(Date.parse(report.started_at)).toBeGreaterThanOrEqual(before);
    expect(report.started_at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(report.duration_ms).toBeGreaterThan(0);
    expect(heard.length).toBeGreaterThan(2);
  });

  test('makes up a seed of 32 bits where none is given', async () => {
    const seeds = new Set<number>();
    for (let time = 0; time < 3; time += 1) {
      const { seed } = (await run({ seed: undefined })).report;
      expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32).toBe(true);
      seeds.add(seed);
    }
    expect(seeds.size).toBe(3);
  });

  test('is the same by the same seed', async () => {
    const ids = async (seed: number) => (await run({ seed })).heard.map(({ id }) => id);
    expect(await ids(5)).toEqual(await ids(5));
    expect(await ids(5)).not.toEqual(await ids(6));
  });

  test('tells progress where somebody listens', async () => {
    const told: string[] = [];
    await run({
      onProgress: (step) => {
        if ('check' in step) told.push(`${step.type} ${step.check.id}`);
      },
    });
    expect(told).toContain('started http/reachable');
    expect(told).toContain(`finished ${ONE[0]}`);
  });

  test('sends the user’s headers with each request, and shows none that opens a door', async () => {
    const { report, heard } = await run(
      {
        headers: [
          ['X-Api-Key', 'open-sesame-now'],
          ['X-Plain', 'to-be-seen-here'],
        ],
      },
      takesAll,
    );
    expect(new Set(heard.map(({ headers }) => headers['x-api-key']))).toEqual(
      new Set(['open-sesame-now']),
    );
    const text = JSON.stringify(report);
    expect(text).not.toContain('open-sesame-now');
    expect(text).toContain('<your X-Api-Key>');
    expect(text).toContain('to-be-seen-here');
  });

  test.for(['Authorization', 'Cookie', 'X-Token', 'X-Session', 'X-Secret', 'X-Pass', 'x-KEY'])(
    'hides the value of %s',
    async (name) => {
      const { report } = await run({ headers: [[name, 'open-sesame-now']] }, takesAll);
      expect(JSON.stringify(report)).not.toContain('open-sesame-now');
    },
  );

  test('shows no secret in its target', async () => {
    await using receiver = await scripted(right, { path: `/hook?s=${SECRET}` });
    const { target } = await verify({ url: receiver.url, secret: SECRET, only: ONE });
    expect(target).toMatch(/\/hook\?s=<the secret>$/);
  });

  test('that is broken off says so', async () => {
    const { report, heard } = await run({ signal: AbortSignal.abort() });
    expect(report).toMatchObject({ interrupted: true, summary: { verdict: 'inconclusive' } });
    expect(heard).toEqual([]);
  });
});

describe('hooks that are given', () => {
  const dedupe: Partial<VerifyOptions> = { only: ['delivery/dup-seq', ...ONE] };

  test('are tried before anything rests on them: one that is blind makes nothing conformant', async () => {
    const { report } = await run({ ...dedupe, hooks: { effects: async () => 1 } });
    expect(report.checks.find(({ id }) => id === 'delivery/effects-probe')?.status).not.toBe(
      'pass',
    );
    expect(report.summary.verdict).toBe('inconclusive');
  });

  test('and show what they should are no trouble', async () => {
    const taken = new Set<string>();
    const { report } = await run(
      { ...dedupe, hooks: { effects: async (id) => Number(taken.has(id)) } },
      (heard) => {
        if (heard.isSigned) taken.add(heard.id);
        return right(heard, 0);
      },
    );
    expect(report.checks.map(({ id, status }) => [id, status])).toContainEqual([
      'delivery/dup-seq',
      'pass',
    ]);
    expect(report.summary.verdict).toBe('passed');
  });

  test('what was asked for and needs one that is not there is not known, whatever else passed', async () => {
    const { report } = await run({ only: ['delivery/dup-seq'] });
    expect(report.summary).toMatchObject({ passed: 2, not_tested: 1, verdict: 'inconclusive' });
  });
});

describe('a failure', () => {
  const should: Partial<VerifyOptions> = { only: ['signature/refuses-with-4xx'] };
  const answers500: Script = ({ isSigned }) => (isSigned ? 204 : 500);

  const takesBare: Script = ({ isSigned, headers }) =>
    isSigned || /^[0-9a-f]{64}$/.test(String(headers['x-sendemall-signature'])) ? 204 : 401;

  test('ends nothing unless that is asked for', async () => {
    const { report } = await run({ only: [...ONE, 'signature/deep-nesting'] }, takesAll);
    expect(report.summary.failed).toBe(1);
    expect(JSON.stringify(report)).not.toContain('Not run: stopped');
  });

  test('of an INFO is reported, and never scored', async () => {
    const { report } = await run(
      { only: ['signature/prefix-optional'], failOn: 'should' },
      takesBare,
    );
    const [told] = report.checks.filter(({ id }) => id === 'signature/prefix-optional');
    expect(told).toMatchObject({ status: 'fail', level: 'INFO' });
    expect(report.summary).toMatchObject({ failed: 0, warned: 0, verdict: 'passed' });
  });

  test('of a MUST makes it not conformant, unless the baseline knows it', async () => {
    const { report } = await run({}, takesAll);
    expect(report.summary).toMatchObject({ failed: 1, verdict: 'not_conformant' });
    const known = [
      { id: ONE[0]!, reason: 'ticket 7' },
      { id: 'http/reachable', reason: 'was away' },
    ];
    const again = await run({ baseline: known }, takesAll);
    expect(again.report.summary).toMatchObject({ failed: 0, known: 1, verdict: 'passed' });
    expect(again.report.baseline).toEqual({ known: [known[0]], stale: [known[1]] });
  });

  test('of a SHOULD makes it not conformant only where that is asked for', async () => {
    expect((await run(should, answers500)).report.summary).toMatchObject({
      warned: 1,
      verdict: 'passed',
    });
    expect((await run({ ...should, failOn: 'should' }, answers500)).report.summary.verdict).toBe(
      'not_conformant',
    );
  });

  test.for([
    ['a MUST', {}, takesAll, true],
    ['a known MUST', { baseline: [{ id: ONE[0]!, reason: 'so' }] }, takesAll, false],
    [
      'a MUST beside a known one',
      { baseline: [{ id: 'http/reachable', reason: 'so' }] },
      takesAll,
      true,
    ],
    [
      'a known MUST beside another',
      {
        baseline: [
          { id: ONE[0]!, reason: 'so' },
          { id: 'http/reachable', reason: 'so' },
        ],
      },
      takesAll,
      false,
    ],
    ['a SHOULD', should, answers500, false],
    ['a SHOULD that counts', { ...should, failOn: 'should' }, answers500, true],
    ['an INFO', { only: ['signature/prefix-optional'], failOn: 'should' }, takesBare, false],
  ] as const)('with bail, %s ends the run: %#', async ([, options, script, ends]) => {
    const only = [...((options as Partial<VerifyOptions>).only ?? ONE), 'signature/deep-nesting'];
    const { report } = await run({ ...options, only, bail: true }, script);
    const [last] = report.checks.filter(({ id }) => id === 'signature/deep-nesting');
    const reason = last?.reason ?? '';
    if (ends) expect(reason).toMatch(/^Not run: stopped after the failure of signature\//);
    else expect(reason).not.toMatch(/^Not run: stopped/);
  });
});
