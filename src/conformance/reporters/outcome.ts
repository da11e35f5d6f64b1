/**
 * The outcome of a run in one line, the same in every format: verdict, counts, what was not tested, how to test more.
 *
 * @module
 */
import type { Need } from '../needs.ts';
import { formatSpan } from '../run/cut-off.ts';
import { isCounted, type CheckResult, type Report, type Summary } from '../report.ts';
import { explainedIds } from '../summary.ts';
import { isBlocked } from '../verdict.ts';

/** Green only if every MUST passed. */
export type Tone = 'green' | 'yellow' | 'red';

const isStale = ({ baseline }: Report): boolean => (baseline?.stale.length ?? 0) > 0;

export const toneOf = (report: Report): Tone => {
  const { verdict } = report.summary;
  if (verdict === 'not_conformant' || isStale(report)) return 'red';
  return verdict === 'conformant' && !report.interrupted ? 'green' : 'yellow';
};

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** Number of failures that make the receiver not conformant. */
const failuresOf = ({ summary, fail_on: failOn }: Report): number =>
  summary.failed + (isCounted('SHOULD', failOn) ? summary.warned : 0);

/** ", time budget of 5 min spent after 9 of 99"; empty if every check was reached. */
const formatBudget = ({ cut_off: cutOff }: Report): string => {
  if (cutOff?.by !== 'budget') return '';
  const budget = cutOff.budget_ms === null ? '' : ` of ${formatSpan(cutOff.budget_ms)}`;
  return `, time budget${budget} spent after ${cutOff.reached} of ${cutOff.total}`;
};

/** "FAILED 3 of 99 (2 MUST, 1 SHOULD)". */
const formatFailed = (report: Report): string => {
  const { summary, fail_on: failOn, checks } = report;
  const levels = [
    ...(summary.failed > 0 ? [`${summary.failed} MUST`] : []),
    ...(isCounted('SHOULD', failOn) && summary.warned > 0 ? [`${summary.warned} SHOULD`] : []),
  ];
  return `FAILED ${failuresOf(report)} of ${checks.length} (${levels.join(', ')})`;
};

const formatResult = (report: Report): string => {
  const { summary, checks } = report;
  const passed = `PASSED ${summary.passed} of ${checks.length}`;
  if (summary.verdict === 'not_conformant') return formatFailed(report);
  const stale = report.baseline?.stale.length ?? 0;
  if (stale > 0) return `FAILED: ${stale} stale in the baseline`;
  return { inconclusive: 'INCONCLUSIVE', passed, conformant: `CONFORMANT, ${passed}` }[
    summary.verdict
  ];
};

/** The verdict as a phrase. An interrupted run is never called conformant or passed. */
export const formatVerdict = (report: Report): string => {
  const { cut_off: cutOff, interrupted } = report;
  if (!interrupted) return `${formatResult(report)}${formatBudget(report)}`;
  const where = cutOff === null ? '' : ` after ${cutOff.reached} of ${cutOff.total}`;
  const failures = failuresOf(report);
  return `INTERRUPTED${where}${failures === 0 ? '' : `, ${failures} failed so far`}`;
};

/** What a hook shows, in a word or two. */
const TOPICS: Readonly<Record<Need, string>> = {
  effects: 'duplicates',
  state: 'state',
  fault: 'failures',
  restart: 'restarts',
  recovery: 'dead letters',
  sandbox: 'dead letters',
  campaign: 'campaign pauses',
  known_lead: 'known leads',
  known_leads: 'known leads',
};

const OTHER = 'other reasons';

const topicOf = ({ needs, reason, cut_off: cutOff }: CheckResult): string => {
  if (needs !== null) return TOPICS[needs];
  if (isBlocked(reason)) return 'waiting for other checks to pass';
  return cutOff === null ? OTHER : 'not reached';
};

/** "duplicates (16), state (10)": what was not tested, most first. */
const formatTopics = ({ checks }: Report): string => {
  const explained = explainedIds(checks);
  const counts = new Map<string, number>();
  for (const check of checks) {
    if (check.status !== 'not_tested' || explained.has(check.id)) continue;
    const topic = topicOf(check);
    counts.set(topic, (counts.get(topic) ?? 0) + 1);
  }
  const rank = ([topic, count]: readonly [string, number]): number =>
    topic === OTHER ? -1 : count;
  return [...counts]
    .toSorted((one, other) => rank(other) - rank(one))
    .map(([topic, count]) => `${topic} (${count})`)
    .join(', ');
};

/** MUST checks that were not part of the run. */
const notSelected = ({ summary, checks }: Report): number => {
  const explained = explainedIds(checks);
  const untested = checks.filter(
    ({ id, level, status }) => status === 'not_tested' && level === 'MUST' && !explained.has(id),
  );
  return summary.musts_not_tested - untested.length;
};

type Counted = Exclude<keyof Summary, 'verdict' | 'musts_not_tested' | 'not_tested'>;

const COUNTS: Readonly<Record<Counted, (count: number, report: Report) => string>> = {
  passed: (count) => `${count} passed`,
  failed: (count) => `${count} failed (MUST)`,
  warned: (count, { fail_on: failOn }) =>
    isCounted('SHOULD', failOn)
      ? `${count} failed (SHOULD)`
      : `${plural(count, 'warning')} (SHOULD)`,
  noted: (count) => `${plural(count, 'note')} (INFO)`,
  known: (count) => plural(count, 'known failure'),
  explained: (count) => `${count} explained by these`,
  errored: (count) => plural(count, 'error'),
};

/** "42 passed · 1 failed (MUST) · 3 not tested: state (3)"; only what there is. @param isTold counts to omit */
export const formatCounts = (
  report: Report,
  isTold: (member: Counted) => boolean = () => false,
): string => {
  const { summary } = report;
  const left = notSelected(report);
  return [
    ...(Object.keys(COUNTS) as Counted[])
      .filter((member) => summary[member] > 0 && !isTold(member))
      .map((member) => COUNTS[member](summary[member], report)),
    ...(summary.not_tested === 0
      ? []
      : [`${summary.not_tested} not tested: ${formatTopics(report)}`]),
    ...(left === 0 ? [] : [`${left} MUST not selected`]),
  ].join(' · ');
};

/** "→ pass hooks.effects to test 14 more"; empty if no hook is missing. */
export const formatNextStep = ({ next_step: step, interrupted }: Report): string =>
  step === null || interrupted ? '' : `→ ${step}`;

/** The whole outcome: "PASSED 62 of 99 · 37 not tested: duplicates (16), … → pass hooks.effects to test 14 more". */
export const formatOutcome = (report: Report): string => {
  const verdict = formatVerdict(report);
  const isTold = (member: Counted): boolean =>
    (member === 'passed' && verdict.includes('PASSED')) ||
    (verdict.startsWith('FAILED') &&
      (member === 'failed' || (member === 'warned' && isCounted('SHOULD', report.fail_on))));
  const counts = formatCounts(report, isTold);
  const outcome = counts === '' ? verdict : `${verdict} · ${counts}`;
  return [outcome, formatNextStep(report)].filter((part) => part !== '').join(' ');
};
