/**
 * The figures of the field set, and its table.
 *
 * @module
 */
import { isFaulty, type Half } from './catalogue.ts';
import type { Measured } from './measure.ts';

export interface FieldSummary {
  readonly half: Half;
  /** Receivers with a fault that were run. */
  readonly faulty: number;
  /** Of these, those with any MUST or SHOULD finding. */
  readonly found: number;
  /** Of these, those whose first finding names the true cause. */
  readonly causeNamed: number;
  /** Of these, those where some finding does. */
  readonly causeNamedAnywhere: number;
  /** Mean of those that were found. */
  readonly findingsPerFault: number;
  readonly maxFindings: number;
  /** Receivers without a fault that were run. */
  readonly correct: number;
  /** Of these, those with any MUST or SHOULD finding. */
  readonly falseAlarms: number;
  readonly falseMusts: number;
  readonly skipped: number;
  readonly interrupted: number;
  readonly medianSeconds: number;
  readonly maxSeconds: number;
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

const round = (value: number): number => Math.round(value * 10) / 10;

const sum = (values: readonly number[]): number => values.reduce((one, other) => one + other, 0);

export const summarise = (half: Half, all: readonly Measured[]): FieldSummary => {
  const ran = all.filter((one) => one.half === half && one.skipped === null);
  const faulty = ran.filter(({ receiver }) => isFaulty(receiver));
  const correct = ran.filter(({ receiver }) => !isFaulty(receiver));
  const found = faulty.filter(({ findings }) => findings.length > 0);
  const counts = found.map(({ findings }) => findings.length);
  const seconds = ran.map((one) => one.seconds);
  return {
    half,
    faulty: faulty.length,
    found: found.length,
    causeNamed: faulty.filter(({ isCauseNamed }) => isCauseNamed).length,
    causeNamedAnywhere: faulty.filter(({ isCauseNamedAnywhere }) => isCauseNamedAnywhere).length,
    findingsPerFault: round(sum(counts) / Math.max(counts.length, 1)),
    maxFindings: Math.max(0, ...counts),
    correct: correct.length,
    falseAlarms: correct.filter(({ findings }) => findings.length > 0).length,
    falseMusts: correct.filter(({ findings }) => findings.some(({ level }) => level === 'MUST'))
      .length,
    skipped: all.filter((one) => one.half === half && one.skipped !== null).length,
    interrupted: ran.filter(({ interrupted }) => interrupted).length,
    medianSeconds: round(median(seconds)),
    maxSeconds: round(Math.max(0, ...seconds)),
  };
};

export const summaryLine = (summary: FieldSummary): string =>
  [
    `${summary.half}: found ${summary.found}/${summary.faulty}`,
    `cause named first ${summary.causeNamed}/${summary.faulty} (anywhere ${summary.causeNamedAnywhere})`,
    `${summary.findingsPerFault} findings per fault found (at most ${summary.maxFindings})`,
    `false alarms ${summary.falseAlarms}/${summary.correct} (MUST ${summary.falseMusts})`,
    `skipped ${summary.skipped}, interrupted ${summary.interrupted}`,
    `${summary.medianSeconds} s (median), ${summary.maxSeconds} s (most)`,
  ].join(', ');

const verdict = ({ receiver, skipped, findings, isCauseNamed }: Measured): string => {
  if (skipped !== null) return `skipped: ${skipped}`;
  if (!isFaulty(receiver)) return findings.length === 0 ? 'right' : 'FALSE ALARM';
  if (findings.length === 0) return 'MISSED';
  return isCauseNamed ? 'found, cause named' : 'found, other cause';
};

/** One row of the table, and what was found below it. */
export const describeMeasured = (one: Measured): string => {
  const { receiver, findings, errors, notTested, seconds, interrupted } = one;
  const cells = [
    receiver.id.padEnd(12),
    `${receiver.language}/${receiver.stack}`.padEnd(19),
    verdict(one).padEnd(20),
    `${findings.length} findings`.padEnd(12),
    `${notTested} not tested`.padEnd(14),
    `${seconds.toFixed(1)} s${interrupted ? ' (interrupted)' : ''}`,
  ];
  const details = [
    isFaulty(receiver) ? `fault: ${receiver.fault}` : `may: ${receiver.may}`,
    ...findings.map(({ id, level, cause }) => `${level} ${id}: ${cause}`),
    ...errors.map((error) => `error: ${error}`),
  ];
  return [cells.join(' '), ...details.map((line) => `    ${line}`)].join('\n');
};
