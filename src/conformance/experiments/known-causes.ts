/**
 * Causes that the experiments of a run have shown, by symptom: a check that sees the same symptom later names the same
 * cause, so that one fault is one finding.
 *
 * @module
 */
import type { Symptom, Verdict } from '../check.ts';
import type { Probe } from '../probe/probe.ts';

/** What an experiment says of a symptom. */
export interface NamedCause {
  /** Stable and comparable. */
  readonly key: string;
  readonly sentence: string;
  readonly fix: string;
}

type Run = Pick<Probe, 'signing'>;

/** By what a run has only one of. */
const known = new WeakMap<Probe['signing'], Map<Symptom, NamedCause>>();

/** The first cause of a symptom stays: experiments go from the simple to the complex. */
export const rememberCause = ({ signing }: Run, symptom: Symptom, cause: NamedCause): void => {
  const causes = known.get(signing) ?? new Map<Symptom, NamedCause>();
  if (!causes.has(symptom)) causes.set(symptom, cause);
  known.set(signing, causes);
};

export const knowsCause = ({ signing }: Run, symptom: Symptom): boolean =>
  known.get(signing)?.has(symptom) === true;

/** @returns the verdict, with the cause that an experiment has shown of its symptom */
export const withKnownCause = ({ signing }: Run, verdict: Verdict): Verdict => {
  if (verdict.status !== 'fail' || verdict.symptom === undefined || verdict.key !== undefined) {
    return verdict;
  }
  // An event that is lost changes no lead either; a state that is wrong in one way says nothing of another.
  const symptom = verdict.symptom === 'state' ? 'lost' : verdict.symptom;
  const cause = known.get(signing)?.get(symptom);
  if (cause === undefined) return verdict;
  return { ...verdict, key: cause.key, diagnosis: cause.sentence, fix: cause.fix };
};
