/**
 * The live view of a run, as the control sequences for a terminal.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { createLiveView } from '../../src/cli/verify/live.ts';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import type { Check } from '../../src/conformance/check.ts';
import type { CheckResult } from '../../src/conformance/report.ts';
import { verify } from '../../src/conformance/verify.ts';
import { blankResult } from '../conformance/blank-result.ts';
import { SECRET } from '../conformance/run-suite.ts';
import * as express from '../receivers/samples/express.ts';

const screen = () => {
  const shown: string[] = [];
  return {
    shown,
    isLive: true,
    columns: 80,
    note: (line: string) => shown.push(`> ${line}`),
    status: (text: string | null) => shown.push(text ?? '(clear)'),
  };
};

const [one, two, three] = CATALOGUE as readonly [Check, Check, Check];

const resultOf = ({ id }: Check, more: Partial<CheckResult>): CheckResult =>
  blankResult({ id, status: 'pass', ...more });

test('what runs, how far it is, and each finding once', () => {
  const { shown, ...terminal } = screen();
  const live = createLiveView(terminal, { total: 3, failOn: 'must', elapsed: () => 0 });
  live({ type: 'started', check: one });
  live({ type: 'started', check: two });
  live({ type: 'finished', check: one, result: resultOf(one, {}) });
  const failed = { status: 'fail', level: 'SHOULD', actual: 'a\u001B[2Jb' } as const;
  live({ type: 'finished', check: two, result: resultOf(two, failed) });
  const error = { status: 'error', reason: 'it fell' } as const;
  live({ type: 'finished', check: three, result: resultOf(three, error) });
  expect(shown).toEqual([
    `0/3  ${one.id}`,
    `0/3  ${one.id} ${two.id}`,
    `1/3  1 passed  ${two.id}`,
    expect.stringMatching(new RegExp(`^> WARNING ${two.id}: a[^\u001B]*b$`)),
    '2/3  1 warning, 1 passed',
    `> ERROR ${three.id}: it fell`,
    '(clear)',
  ]);
});

test('an unreachable receiver is reported only by the last line of the run', () => {
  const { shown, ...terminal } = screen();
  const reach = CATALOGUE.find(({ id }) => id === 'http/reachable')!;
  const live = createLiveView(terminal, { total: 1, failOn: 'must', elapsed: () => 0 });
  const error = { status: 'error', reason: 'unreachable' } as const;
  live({ type: 'finished', check: reach, result: resultOf(reach, error) });
  expect(shown).toEqual(['(clear)']);
});

test('of a run, its last line counts each failure as it was found, before those with one cause are merged', async () => {
  const { shown, ...terminal } = screen();
  await using receiver = await express.start();
  // More than there are, so that the line is not cleared at the end.
  const live = createLiveView(terminal, {
    total: CATALOGUE.length + 1,
    failOn: 'must',
    elapsed: () => 0,
  });
  const { summary } = await verify({
    url: receiver.url,
    secret: SECRET,
    only: ['signature/*'],
    onProgress: live,
  });
  const { warned, noted, passed, explained, not_tested: untested } = summary;
  expect([warned, noted, passed].every((count) => count > 0)).toBe(true);
  const [, warnings, notes] = / {2}(\d+) warnings?, (\d+) notes?, /.exec(shown.at(-1)!)!;
  expect(Number(warnings) + Number(notes)).toBe(warned + noted + explained);
  expect(shown.at(-1)).toMatch(new RegExp(`, ${passed} passed, ${untested} not tested$`));
  expect(shown.filter((line) => line.startsWith('> WARN'))).toHaveLength(Number(warnings));
});
