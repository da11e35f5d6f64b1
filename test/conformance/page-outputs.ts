/**
 * What the page of a check shows of the suite: its output on a wrong example and on the right one.
 *
 * A wrong example is a mutant of `test/receivers/mutants/` that fails exactly this check: in a run of the whole suite, its
 * one scored finding is the check, or lists it as decided by the same cause. Notes (INFO) are never scored.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import type { Check } from '../../src/conformance/check.ts';
import type { CheckResult, Report } from '../../src/conformance/report.ts';
import { pretty } from '../../src/conformance/reporters/pretty.ts';
import { ModelReceiver } from '../receivers/model/receiver.ts';
import { MUTANTS } from '../receivers/mutants/all.ts';
import type { Mutant } from '../receivers/mutants/mutant.ts';
import { examine, examineMutant, SECRET } from './run-suite.ts';

/** An entry of `page-outputs.json`, written by `npm run pages`. */
export interface PageOutput {
  readonly id: string;
  /** Name of the mutant that is the wrong example. */
  readonly example: string;
  /** What the suite prints of it, for this check alone. */
  readonly wrong: string;
  /** What the suite prints of the right receiver. */
  readonly right: string;
}

export const OUTPUTS_FILE = new URL('page-outputs.json', import.meta.url);

export const readOutputs = (): readonly PageOutput[] =>
  JSON.parse(readFileSync(OUTPUTS_FILE, 'utf8')) as PageOutput[];

export const mutantOf = (name: string): Mutant => MUTANTS.find((mutant) => mutant.name === name)!;

const isShownBy =
  (id: string) =>
  (result: CheckResult): boolean =>
    result.id === id || result.decides.includes(id);

/** What fails beside the check, although it should not. Empty if the wrong example fails exactly the check. */
export const problemsOf = ({ id, level }: Check, { checks }: Report): readonly string[] => {
  const failed = checks.filter(({ status }) => status === 'fail');
  const scored = failed.filter((result) => result.level !== 'INFO');
  const others = scored.filter((result) => !isShownBy(id)(result));
  return [
    ...(failed.some(isShownBy(id)) ? [] : [`does not fail ${id} (${level})`]),
    ...others.map((other) => `fails ${other.id} (${other.level}): ${other.actual ?? ''}`),
  ];
};

const SHOWN = 'http://localhost:3000/webhooks/sendemall';
/** A terminal shows it indented by four. */
const WIDTH = 76;

/** The report with the address and the time that a page shows. */
const shown = (report: Report, url: string): Report => {
  const { origin, pathname, search } = new URL(url);
  const text = JSON.stringify(report)
    .replaceAll(`${origin}${pathname}${search}`, SHOWN)
    .replaceAll(origin, new URL(SHOWN).origin)
    .replaceAll(new URL(url).host, new URL(SHOWN).host);
  return { ...(JSON.parse(text) as Report), duration_ms: 1000 };
};

/** Whether a check judges what others have sent, or what they have left behind: alone, it shows nothing. */
export const judgesRun = (check: Check): boolean => !('stage' in check) || check.stage === 'review';

const rerun = (id: string | null): string =>
  ['sendemall-mock verify', SHOWN, ...(id === null ? [] : ['--only', id])].join(' ');

const explain = (id: string): string => `sendemall-mock explain ${id}`;

/** What a check looks back on that judges the requests of others. */
const REQUESTS = ['signature/*', 'content/*', 'http/*', 'delivery/dup-*'];

const onlyOf = (check: Check): readonly string[] => [
  check.id,
  ...(judgesRun(check) ? REQUESTS : []),
];

const print = (report: Report, url: string): string =>
  pretty(shown(report, url), { width: WIDTH }).trimEnd();

/** What the suite prints of the wrong example. */
export const printWrong = async (check: Check, mutant: Mutant): Promise<string> => {
  const report = await examineMutant(mutant, onlyOf(check), { rerun, explain });
  return print(report, report.target);
};

/** What the suite prints of the right example. */
export const printRight = async (check: Check): Promise<string> => {
  await using receiver = new ModelReceiver(SECRET);
  await receiver.start();
  return print(await examine(receiver, onlyOf(check)), receiver.url);
};

/** Whether an output shows that a check failed, by a finding of its own or by one that decides it. */
const showsFailure = (output: string, id: string): boolean =>
  new RegExp(`^(?:(?:FAILED|WARNING|NOTE) +[A-Z]+ +|  decides .*)${id}\\b`, 'mu').test(output);

/** Why an output cannot stand on a page. Empty if it shows its check failed, and the right receiver passed. */
export const flawsOf = ({ id, wrong, right }: PageOutput): readonly string[] => [
  ...(showsFailure(wrong, id) ? [] : ['the wrong receiver does not fail the check']),
  ...(/^(?:CONFORMANT, )?PASSED (?<count>\d+) of \k<count>\b/mu.test(right)
    ? []
    : ['the right receiver does not pass']),
];

/** The output without what differs from run to run: numbers, and how lines break. */
export const comparable = (output: string): string =>
  output.replaceAll(/\d[\d,.]*/gu, '#').replaceAll(/\s+/gu, ' ');
