/**
 * Confirms that a measure of a value decides, and finds the number at which it begins to.
 *
 * @module
 */
import { inDigitGroups } from '../../domain/digit-groups.ts';
import type { Level } from '../check.ts';
import { textOfLength } from '../explore/classes/texts.ts';
import type { Event } from '../probe/event-maker.ts';
import { tryValues, type Decided, type FieldProbe } from './field-probe.ts';
import { atThreshold, type Hypothesis, type Ranked, type Threshold } from './hypotheses.ts';
import type { Measure } from './measures.ts';
import { bisect } from './minimise.ts';
import type { Trial } from './trial.ts';

/** From here on, the limit may be one of the whole body. Characters. */
const MIN_BODY_LIMIT = 5000;

/** A limit on a text's characters may be one on its bytes, or on those of the whole body. */
const limitBehind = async (
  fields: FieldProbe,
  measure: Measure,
  { good, bad }: { readonly good: number; readonly bad: number },
  { exchange }: Trial,
  level: Level,
): Promise<Partial<Hypothesis> | null> => {
  const { field, probe, type, tryAll } = fields;
  const isText = field.meaning === 'text' || field.meaning === 'name';
  if (measure.name !== 'characters' || !isText) return null;
  if (bad > MIN_BODY_LIMIT) {
    const plain = probe.event(type);
    const [elsewhere] = await tryAll([{ ...plain, new_member: textOfLength(bad) } as Event]);
    if (elsewhere?.flaw != null) {
      const bytes = exchange.request.body.length - 1;
      return {
        name: 'body-bytes',
        phrase: `makes the body larger than ${inDigitGroups(bytes)} bytes`,
      };
    }
  }
  const [wide] = await tryValues(fields, [() => 'é'.repeat(good)], level);
  return wide?.trial.flaw == null
    ? null
    : { name: 'bytes', phrase: `is longer than ${inDigitGroups(good)} bytes in UTF-8` };
};

/** Further than any threshold that ends nearby: another day and another hour, where minutes are counted. */
const FURTHER = 1973;
/** Where a length is counted. */
const FURTHER_LENGTH = 3;

/** Whether what lies further beyond is refused as well: one day, or one word, that is refused is no threshold. */
const isRefusedBeyond = async (
  { measure, side, bad }: Threshold,
  isRefusedAt: (count: number) => Promise<boolean | null>,
): Promise<boolean> => {
  const step = measure.name === 'age' ? FURTHER : FURTHER_LENGTH;
  const further = side === 'above' ? bad + step : bad - step;
  return further < 1 ? true : (await isRefusedAt(further)) !== false;
};

/** A threshold is real when an ordinary value beyond it shows the fault; then it is narrowed down. */
export const confirmThreshold = async (
  fields: FieldProbe,
  { hypothesis, exceptions }: Ranked,
  level: Level,
): Promise<Decided | null> => {
  const { threshold } = hypothesis;
  if (threshold?.measure.make == null) return null;
  const { measure, side, good, bad } = threshold;
  const { make } = measure;
  let minimal: { readonly value: unknown; readonly trial: Trial } | null = null;
  const shows = async (count: number): Promise<boolean> => {
    const [tried] = await tryValues(fields, [(plain) => make!(count, plain)], level);
    if (tried === undefined || measure.of(tried.value) !== count) return false;
    if (tried.trial.flaw === null) return false;
    minimal = tried;
    return true;
  };
  const isRefusedAt = async (count: number): Promise<boolean | null> => {
    const [tried] = await tryValues(fields, [(plain) => make!(count, plain)], level);
    return tried === undefined || measure.of(tried.value) !== count
      ? null
      : tried.trial.flaw !== null;
  };
  if (!(await shows(bad)) || minimal === null) return null;
  // A value made to the accepted measure must be accepted, or something else in it decides.
  if (await isRefusedAt(good)) return null;
  if (!(await isRefusedBeyond(threshold, isRefusedAt))) return null;
  const { value: refused } = minimal as { value: unknown };
  if (side === 'above' && measure.asLong !== undefined) {
    const [long] = await tryValues(fields, [(plain) => measure.asLong!(refused, plain)], level);
    if (long?.trial.flaw != null) return null;
  }
  const { other } = measure;
  if (other !== undefined && (await shows(side === 'above' ? good - 1 : good + 1))) {
    const { value, trial } = minimal as { value: unknown; trial: Trial };
    const holds = (one: unknown): boolean => measure.of(one) !== good;
    const both = { name: `other-${measure.name}`, phrase: other(good), holds, make: null };
    return { hypothesis: both, exceptions, minimal: trial, value };
  }
  const edge = await bisect(good, bad, shows);
  const { value, trial } = minimal;
  const limit = side === 'above' ? await limitBehind(fields, measure, edge, trial, level) : null;
  return {
    hypothesis: { ...atThreshold({ measure, side, ...edge }), ...limit },
    exceptions,
    minimal: trial,
    value,
  };
};
