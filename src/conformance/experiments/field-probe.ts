/**
 * Tries values of one field in otherwise plain events, and remembers what was seen.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Level } from '../check.ts';
import { valueAt, withChanges, type Change } from '../explore/case.ts';
import type { Field } from '../explore/fields.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import type { Hypothesis } from './hypotheses.ts';
import type { Trial } from './trial.ts';
import { knowledgeOf } from './knowledge.ts';

/** Tries events with one value each, and remembers what was seen. */
export interface FieldProbe {
  readonly probe: Probe;
  readonly type: EventType;
  readonly field: Field;
  /** Whether the fault shows, with the trial of each. */
  readonly tryAll: (events: readonly Event[]) => Promise<readonly Trial[]>;
}

export interface Decided {
  readonly hypothesis: Hypothesis;
  readonly exceptions: number;
  /** The smallest value with which the fault shows, and its trial. */
  readonly minimal: Trial;
  readonly value: unknown;
}

const changeOf = (field: Field, make: Change['make'], level: Level): Change => ({
  field,
  name: '',
  level,
  make,
});

export const tryValues = async (
  { probe, type, field, tryAll }: FieldProbe,
  makes: readonly Change['make'][],
  level: Level,
): Promise<readonly { readonly value: unknown; readonly trial: Trial }[]> => {
  const events = makes.map((make) =>
    withChanges(probe.event(type), [changeOf(field, make, level)]),
  );
  const trials = await tryAll(events);
  return trials.map((trial, at) => {
    const value = valueAt(events[at], field.path);
    if (!trial.isUnclear) {
      knowledgeOf(probe).observe(type, field.name, { value, isBad: trial.flaw !== null, level });
    }
    return { value, trial };
  });
};
