/**
 * Which property of one field's value decides: narrows the hypotheses by probes that differ in one thing each.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Level } from '../check.ts';
import { valueAt, withChanges, type Change } from '../explore/case.ts';
import type { Field } from '../explore/fields.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { text } from '../explore/input-class.ts';
import { insertInto, textOfLength } from '../explore/classes/texts.ts';
import type { Measure } from './measures.ts';
import { atThreshold, rankHypotheses, type Hypothesis, type Ranked } from './hypotheses.ts';
import { bisect, minimiseText } from './minimise.ts';
import type { Trial } from './trial.ts';

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

const MAX_TEXT_TRIES = 40;
const MAX_PROBES = 14;
const MAX_ROUNDS = 4;

const changeOf = (field: Field, make: Change['make'], level: Level): Change => ({
  field,
  name: '',
  level,
  make,
});

const tryValues = async (
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
      probe.memory.observe(type, field.name, { value, isBad: trial.flaw !== null, level });
    }
    return { value, trial };
  });
};

/** The most consistent ones: equal in exceptions and misses. */
const bestOf = (ranked: readonly Ranked[]): readonly Ranked[] => {
  const [first] = ranked;
  return ranked.filter(
    ({ exceptions, misses }) => exceptions === first?.exceptions && misses === first.misses,
  );
};

/** A threshold is real when an ordinary value beyond it shows the fault; then it is narrowed down. */
const confirmThreshold = async (
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
  const isRefusedAt = async (count: number): Promise<boolean> => {
    const [tried] = await tryValues(fields, [(plain) => make!(count, plain)], level);
    return tried?.trial.flaw != null;
  };
  if (!(await shows(bad)) || minimal === null) return null;
  // A value made to the accepted measure must be accepted, or something else in it decides.
  if (await isRefusedAt(good)) return null;
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
        phrase: `makes the body larger than ${bytes.toLocaleString('en')} bytes`,
      };
    }
  }
  const [wide] = await tryValues(fields, [() => 'é'.repeat(good)], level);
  return wide?.trial.flaw == null
    ? null
    : { name: 'bytes', phrase: `is longer than ${good.toLocaleString('en')} bytes in UTF-8` };
};

const rank = ({ probe, type, field }: FieldProbe, target: unknown): readonly Ranked[] =>
  rankHypotheses(field, probe.memory.observations(type, field.name), target, probe.wall.now());

/** Probe each hypothesis of the best on its own: a value that has this property and is otherwise plain. */
const isolate = async (
  fields: FieldProbe,
  best: readonly Ranked[],
  level: Level,
): Promise<ReadonlyMap<string, { readonly value: unknown; readonly trial: Trial }>> => {
  const probed = best.slice(0, MAX_PROBES);
  const tried = await tryValues(
    fields,
    probed.map(({ hypothesis }) => hypothesis.make!),
    level,
  );
  return new Map(probed.map(({ hypothesis }, at) => [hypothesis.name, tried[at]!]));
};

/** Only free texts: a part of an address, a time or a link is none. */
const shrink = async (fields: FieldProbe, value: unknown, level: Level): Promise<unknown> => {
  const { meaning } = fields.field;
  if (typeof value !== 'string' || (meaning !== 'text' && meaning !== 'name')) return value;
  return minimiseText(
    value,
    async (candidate) => {
      const [tried] = await tryValues(fields, [() => candidate], level);
      return tried?.trial.flaw != null;
    },
    MAX_TEXT_TRIES,
  );
};

const decide = async (
  fields: FieldProbe,
  target: { readonly value: unknown; readonly trial: Trial },
  level: Level,
): Promise<Decided | null> => {
  for (const one of bestOf(rank(fields, target.value))) {
    const confirmed = await confirmThreshold(fields, one, level);
    if (confirmed !== null) return confirmed;
  }
  const isOpen = ({ hypothesis }: Ranked): boolean => hypothesis.threshold?.measure.make == null;
  const isolated = new Map<string, Awaited<ReturnType<typeof tryValues>>[number]>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const open = bestOf(rank(fields, target.value).filter(isOpen)).filter(
      ({ hypothesis }) => hypothesis.make !== null && !isolated.has(hypothesis.name),
    );
    if (open.length === 0) break;
    for (const [name, tried] of await isolate(fields, open, level)) isolated.set(name, tried);
  }
  const [first] = rank(fields, target.value).filter(isOpen);
  if (first === undefined || first.hypothesis.name === 'value') return null;
  const shown = isolated.get(first.hypothesis.name);
  return {
    hypothesis: first.hypothesis,
    exceptions: first.exceptions,
    minimal: shown?.trial ?? target.trial,
    value: shown?.value ?? target.value,
  };
};

const MAX_SURVEYED = 60;

/** Try every class of the field of which nothing is known yet: the more is seen, the fewer explanations are left. */
const survey = async (fields: FieldProbe, level: Level): Promise<void> => {
  const { probe, type, field } = fields;
  const seen = probe.memory.observations(type, field.name);
  const unknown = field.classes
    .filter((one) => one.level === 'MUST' || one.level === level)
    .filter(({ holds }) => !seen.some(({ value }) => holds(value)));
  for (const at of ['MUST', 'SHOULD', 'INFO'] as const) {
    const makes = unknown.filter((one) => one.level === at).map(({ make }) => make);
    if (makes.length > 0) await tryValues(fields, makes.slice(0, MAX_SURVEYED), at);
  }
};

const MAX_SHOWN = 60;

/** Whether the smallest text decides within an ordinary one, too. */
const asPiece = async (
  fields: FieldProbe,
  piece: unknown,
  level: Level,
): Promise<Decided | null> => {
  const { meaning } = fields.field;
  if (typeof piece !== 'string' || piece === '' || piece.length > MAX_SHOWN) return null;
  if (meaning !== 'text' && meaning !== 'name') return null;
  const [tried] = await tryValues(fields, [(plain) => insertInto(text(plain), piece)], level);
  if (tried?.trial.flaw == null) return null;
  const holds = (value: unknown): boolean => text(value).includes(piece);
  return {
    hypothesis: {
      name: `piece-${piece}`,
      phrase: `contains ${JSON.stringify(piece)}`,
      holds,
      make: null,
    },
    exceptions: 0,
    minimal: tried.trial,
    value: tried.value,
  };
};

/**
 * Find the property of a value that decides.
 *
 * @param change with which alone the fault shows
 * @returns what decides; at least the value itself
 */
export const explainField = async (
  fields: FieldProbe,
  change: Change,
  trial: Trial,
): Promise<Decided> => {
  const value = valueAt(trial.event, fields.field.path);
  await survey(fields, change.level);
  const decided = await decide(fields, { value, trial }, change.level);
  if (decided !== null) return decided;
  const smaller = await shrink(fields, value, change.level);
  const [tried] = await tryValues(fields, [() => smaller], change.level);
  const target = tried?.trial.flaw == null ? { value, trial } : tried;
  const again = await decide(fields, target, change.level);
  if (again !== null) return again;
  const piece = await asPiece(fields, target.value, change.level);
  if (piece !== null) return piece;
  const [first] = rank(fields, target.value).filter(
    ({ hypothesis }) => hypothesis.name === 'value',
  );
  return {
    hypothesis: first!.hypothesis,
    exceptions: 0,
    minimal: target.trial,
    value: target.value,
  };
};
