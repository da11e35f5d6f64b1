/**
 * Execution order of checks. With enough time: stage by stage, the highest level first within each stage, behind those
 * that mostly wait. If the time
 * budget will not last: first everything that MUST checks depend on, starting with forgeries; then SHOULD; then INFO.
 *
 * @module
 */
import { areaOf, STAGES, type ActiveCheck, type Level, type Stage } from '../check.ts';

export interface Phase {
  readonly stage: Stage;
  readonly checks: readonly ActiveCheck[];
  /** Of a slow receiver: the checks do not disturb each other, so that all may run at the same time. */
  readonly isSideBySide: boolean;
}

export interface Schedule {
  /**
   * Remove and return the next phase.
   *
   * @param isShort the time will not last for all
   * @param isSlow the receiver is slow: stages whose checks do not disturb each other become one phase
   * @returns undefined at the end
   */
  next(isShort: boolean, isSlow?: boolean): Phase | undefined;
  readonly remaining: readonly ActiveCheck[];
}

const LEVELS: readonly Level[] = ['MUST', 'SHOULD', 'INFO'];
const STAGE_NAMES = Object.keys(STAGES) as Stage[];
/** Stages if time is short: accepting forgeries is worse than rejecting a form of valid events. */
const URGENT_STAGES: readonly Stage[] = [
  'reach',
  'preflight',
  'negative',
  ...STAGE_NAMES.filter((stage) => !['reach', 'preflight', 'negative'].includes(stage)),
];

/** Stages that a slow receiver is judged by at the same time. */
const SIDE_BY_SIDE: readonly (readonly [Stage, ...Stage[]])[] = [
  ['valid', 'negative', 'risky', 'effects'],
  ['sequences'],
  ['load'],
];

/** Whether `check` waits for the result of `earlier`. Every check waits for the validation of the effects hook. */
export const waitsFor = (check: ActiveCheck, earlier: ActiveCheck): boolean =>
  (check.after?.includes(earlier.id) ?? false) ||
  (earlier.validates !== undefined &&
    earlier !== check &&
    (check.needs?.includes(earlier.validates) ?? false)) ||
  (earlier.validates === 'effects' && check.validates === undefined);

/** Sort checks topologically: each after the checks that it waits for. */
const inOrder = (checks: readonly ActiveCheck[]): ActiveCheck[] => {
  const ordered = new Set<ActiveCheck>();
  const add = (check: ActiveCheck, within: readonly ActiveCheck[]): void => {
    if (ordered.has(check) || within.includes(check)) return;
    const first = checks.filter((earlier) => waitsFor(check, earlier));
    for (const one of first) add(one, [...within, check]);
    ordered.add(check);
  };
  for (const check of checks) add(check, []);
  return [...ordered];
};

/** Urgency by check: that of the most urgent check that waits for it; 0 is MUST. */
const urgencies = (checks: readonly ActiveCheck[]): ReadonlyMap<ActiveCheck, number> => {
  const urgency = new Map(checks.map((check) => [check, LEVELS.indexOf(check.level)]));
  const raise = (check: ActiveCheck, to: number, within: readonly ActiveCheck[]): void => {
    if (within.includes(check) || (within.length > 0 && urgency.get(check)! <= to)) return;
    urgency.set(check, Math.min(urgency.get(check)!, to));
    for (const earlier of checks) {
      if (waitsFor(check, earlier)) raise(earlier, to, [...within, check]);
    }
  };
  for (const check of checks) raise(check, LEVELS.indexOf(check.level), []);
  return urgency;
};

const lengthOf = ({ isLong = false }: ActiveCheck): number => Number(isLong);
/** If time is short, what matters most comes first, however long it takes. */
const sameLength = (): number => 0;

export const createSchedule = (checks: readonly ActiveCheck[]): Schedule => {
  const urgency = urgencies(checks);
  const urgencyOf = (check: ActiveCheck): number => urgency.get(check)!;
  const remaining = [...checks];

  const take = (
    stage: Stage,
    stages: readonly Stage[],
    fits: (check: ActiveCheck) => boolean,
    lengthOf: (check: ActiveCheck) => number,
  ): Phase => {
    const selected = remaining.filter((check) => stages.includes(check.stage) && fits(check));
    for (const check of selected) remaining.splice(remaining.indexOf(check), 1);
    const sorted = selected.toSorted(
      (one, other) => lengthOf(other) - lengthOf(one) || urgencyOf(one) - urgencyOf(other),
    );
    return { stage, checks: inOrder(sorted), isSideBySide: false };
  };

  /** Null unless the stage is one of those, and comes first among them. */
  const takeSideBySide = (
    stage: Stage,
    fits: (check: ActiveCheck) => boolean,
    lengthOf: (check: ActiveCheck) => number,
  ): Phase | null => {
    const stages = SIDE_BY_SIDE.find((group) => group.includes(stage));
    if (stages === undefined) return null;
    const [first] = stages;
    if (!remaining.some((check) => check.stage === first && fits(check))) return null;
    // Response times are measured alone.
    const isPart = (check: ActiveCheck): boolean => fits(check) && areaOf(check) !== 'performance';
    const phase = take(first, stages, isPart, lengthOf);
    return phase.checks.length === 0 ? null : { ...phase, isSideBySide: true };
  };

  return {
    remaining,
    next: (isShort, isSlow = false) => {
      if (remaining.length === 0) return undefined;
      const most = isShort ? Math.min(...remaining.map(urgencyOf)) : LEVELS.length;
      const fits = (check: ActiveCheck): boolean => urgencyOf(check) <= most;
      const stages = isShort ? URGENT_STAGES : STAGE_NAMES;
      const stage = stages.find((name) =>
        remaining.some((check) => check.stage === name && fits(check)),
      )!;
      const length = isShort ? sameLength : lengthOf;
      const together = isSlow ? takeSideBySide(stage, fits, length) : null;
      return together ?? take(stage, [stage], fits, length);
    },
  };
};
