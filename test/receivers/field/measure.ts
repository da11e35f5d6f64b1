/**
 * Runs the suite against one receiver of the field set, and judges the report by what is known of the receiver.
 *
 * @module
 */
import { findingsOf } from '../../../src/conformance/reporters/findings.ts';
import type { CheckResult, Report } from '../../../src/conformance/report.ts';
import { verify } from '../../../src/conformance/verify.ts';
import { isFaulty, type FieldReceiver, type Half } from './catalogue.ts';
import { launch } from './launch.ts';
import { missingToolchain } from './toolchain.ts';

export const SECRET = 'whsec_field-set-secret';

export interface MeasureOptions {
  readonly seed: number;
  /** After that the run is interrupted and judged by what it found. */
  readonly limitMs: number;
  /** Ids or globs of checks; all unless given. */
  readonly only?: readonly string[];
}

/** A failed MUST or SHOULD. */
export interface ScoredFinding {
  readonly id: string;
  readonly level: 'MUST' | 'SHOULD';
  readonly actual: string | null;
  /** The first sentence of its cause. */
  readonly cause: string;
}

export interface Measured {
  readonly half: Half;
  readonly receiver: FieldReceiver;
  /** Why it was not run; null when it was. */
  readonly skipped: string | null;
  /** Worst first. */
  readonly findings: readonly ScoredFinding[];
  /** Checks that could not be judged, each with its trouble. */
  readonly errors: readonly string[];
  /** Whether the first finding names the true cause; false for a correct receiver. */
  readonly isCauseNamed: boolean;
  /** Whether any finding does. */
  readonly isCauseNamedAnywhere: boolean;
  readonly interrupted: boolean;
  readonly notTested: number;
  readonly seconds: number;
}

const firstSentence = (text: string): string => text.split(/(?<=[.!?])\s/)[0] ?? '';

const scored = ({ id, level, actual, diagnosis }: CheckResult): ScoredFinding => ({
  id,
  level: level as ScoredFinding['level'],
  actual,
  cause: firstSentence(diagnosis ?? actual ?? ''),
});

const judge = (receiver: FieldReceiver, report: Report) => {
  const all = findingsOf(report);
  const findings = all
    .filter(({ severity }) => severity === 'failed' || severity === 'warning')
    .map(({ result }) => scored(result));
  const errors = all
    .filter(({ severity }) => severity === 'error')
    .map(({ result }) => `${result.id}: ${result.reason}`);
  const names = isFaulty(receiver) ? new RegExp(receiver.cause, 'i') : null;
  const named = findings.map(({ cause }) => names?.test(cause) ?? false);
  return {
    findings,
    errors,
    isCauseNamed: named[0] ?? false,
    isCauseNamedAnywhere: named.includes(true),
    interrupted: report.interrupted,
    notTested: report.summary.not_tested,
  };
};

const NOTHING = {
  findings: [],
  errors: [],
  isCauseNamed: false,
  isCauseNamedAnywhere: false,
  interrupted: false,
  notTested: 0,
};

/** Starts the receiver, runs the suite with all hooks that it offers, and ends it. */
export const measure = async (
  half: Half,
  receiver: FieldReceiver,
  { seed, limitMs, only }: MeasureOptions,
): Promise<Measured> => {
  const skipped = missingToolchain(receiver.language);
  if (skipped !== null) return { half, receiver, skipped, ...NOTHING, seconds: 0 };
  await using launched = await launch(half, receiver, SECRET);
  const begun = performance.now();
  const report = await verify({
    url: launched.url,
    secret: SECRET,
    hooks: launched.hooks,
    seed,
    only,
    leadEmail: 'knownLead' in receiver ? receiver.knownLead : undefined,
    signal: AbortSignal.timeout(limitMs),
  });
  const seconds = (performance.now() - begun) / 1000;
  return { half, receiver, skipped, ...judge(receiver, report), seconds };
};
