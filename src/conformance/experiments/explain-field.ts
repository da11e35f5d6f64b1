/**
 * Which property of one field's value decides: narrows the hypotheses by probes that differ in one thing each.
 *
 * @module
 */
import type { Level } from '../check.ts';
import { valueAt, type Change } from '../explore/case.ts';
import { insertInto } from '../explore/classes/texts.ts';
import { text } from '../explore/input-class.ts';
import { explainCut } from './cut-character.ts';
import { tryValues, type Decided, type FieldProbe } from './field-probe.ts';
import { rankHypotheses, type Ranked } from './hypotheses.ts';
import { minimiseText } from './minimise.ts';
import { confirmThreshold } from './thresholds.ts';
import type { Trial } from './trial.ts';
import { knowledgeOf } from './knowledge.ts';

const MAX_TEXT_TRIES = 40;

const MAX_PROBES = 14;

const MAX_ROUNDS = 4;

/** The most consistent ones: equal in exceptions and misses. */
const bestOf = (ranked: readonly Ranked[]): readonly Ranked[] => {
  const [first] = ranked;
  return ranked.filter(
    ({ exceptions, misses }) => exceptions === first?.exceptions && misses === first.misses,
  );
};

const rank = ({ probe, type, field }: FieldProbe, target: unknown): readonly Ranked[] =>
  rankHypotheses(
    field,
    knowledgeOf(probe).observations(type, field.name),
    target,
    probe.wall.now(),
  );

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

/** Only free texts: a part of an address, a time or a link is no valid value. */
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
  const seen = knowledgeOf(probe).observations(type, field.name);
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
  const cut = await explainCut(fields, value, change.level);
  if (cut !== null) return cut;
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
