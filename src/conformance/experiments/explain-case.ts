/**
 * Explains why one case shows a fault that the plain event of its type does not: which change decides, and what in its
 * value.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Level } from '../check.ts';
import {
  eventOf,
  valueAt,
  valuesOf,
  withChanges,
  type Case,
  type Change,
} from '../explore/case.ts';
import { fieldsOf, type Field } from '../explore/fields.ts';
import type { Event } from '../probe/event-maker.ts';
import { causeOf, DOES, evidenceOf, fixOf, list, quoted, showValue } from './cause-text.ts';
import { explainField } from './explain-field.ts';
import type { Decided, FieldProbe } from './field-probe.ts';
import type { Hypothesis } from './hypotheses.ts';
import { minimiseItems } from './minimise.ts';
import { knowledgeOf, type Explanation } from './knowledge.ts';
import { scopeOf, type Scene } from './scope.ts';
import { tryEvents, type Flaw, type Trial } from './trial.ts';
import { locate } from './where.ts';
import { answerText } from './answer-text.ts';

const LEVELS: readonly Level[] = ['MUST', 'SHOULD', 'INFO'];

/** What needs all of several changes is as legal as the least of them. */
const weakest = (changes: readonly Change[]): Level =>
  LEVELS[Math.max(...changes.map(({ level }) => LEVELS.indexOf(level)))] ?? 'INFO';

const strongest = (levels: readonly Level[]): Level =>
  LEVELS[Math.min(...levels.map((level) => LEVELS.indexOf(level)))] ?? 'INFO';

/** Retries end after 36 minutes, and dead letters are recovered daily: older events are not known to be sent. Minutes. */
const MAX_AGE = 25 * 60;

/** Fields whose value may be the reason to do nothing: a soft bounce, a second open, a program that fetches images. */
const MAY_DECIDE: ReadonlySet<Field['meaning']> = new Set([
  'choice',
  'count',
  'reply-code',
  'country',
]);

const mayBeIgnored = (flaw: Flaw, { meaning, name }: Field): boolean =>
  flaw === 'lost' && (MAY_DECIDE.has(meaning) || name === 'user_agent');

const isBeyondRetries = ({ threshold }: Hypothesis): boolean =>
  threshold?.measure.name === 'age' && threshold.side === 'above' && threshold.good >= MAX_AGE;

/** A limit on length is the same in every field: a column type, a validator. */
const lawOf = ({ hypothesis: { threshold } }: Decided): string | null => {
  if (threshold === undefined) return null;
  const { measure, side, good } = threshold;
  return measure.name === 'characters' || measure.name === 'bytes'
    ? `${measure.name} ${side} ${good}`
    : null;
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Whether an event has a member, beside the given one, that the contract does not know. */
const hasNewMember = (event: Event, { path }: Field): boolean => {
  const parent = path.slice(0, -1);
  const members = valueAt(event, parent);
  const known = new Set([
    // A type is no field with values of its own.
    'event',
    ...fieldsOf(event.event as EventType)
      .filter(({ meaning }) => meaning !== 'member' && meaning !== 'order')
      .map((one) => one.path[parent.length]),
  ]);
  return isObject(members) && Object.keys(members).some((name) => !known.has(name));
};

const decide = (
  { probe, interests }: Scene,
  type: EventType,
  change: Change,
  trial: Trial,
): Promise<Decided> => {
  const tryAll: FieldProbe['tryAll'] = (events) => tryEvents(probe, events, interests);
  return explainField({ probe, type, field: change.field, tryAll }, change, trial);
};

const fieldExplanation = async (
  scene: Scene,
  type: EventType,
  change: Change,
  decided: Decided,
): Promise<Explanation> => {
  const { probe, flaw, control } = scene;
  const { field } = change;
  const scope = await scopeOf(scene, type, field, decided);
  const where = flaw === 'refused' ? await locate(probe, decided.minimal.exchange) : null;
  const { hypothesis } = decided;
  const levels = knowledgeOf(probe)
    .observations(type, field.name)
    .filter(({ isBad, value }) => isBad && hypothesis.holds(value))
    .map(({ level }) => level);
  const fields = fieldsOf(type).filter((one) => scope.fields.includes(quoted(one)));
  const isOfBody = hypothesis.name === 'body-bytes';
  const bytes = decided.minimal.exchange.request.body.length;
  const law = lawOf(decided);
  const alike = knowledgeOf(probe).explanations.find(
    (one) => law !== null && one.flaw === flaw && one.law === law,
  );
  const level =
    isBeyondRetries(hypothesis) || mayBeIgnored(flaw, field)
      ? 'INFO'
      : strongest([change.level, ...levels]);
  return {
    law,
    key:
      alike?.key ??
      `${flaw}:${isOfBody ? 'body' : fields.length > 1 ? field.meaning : field.name}:${hypothesis.name}`,
    flaw,
    level,
    cause: causeOf(flaw, field, scope, decided),
    evidence: evidenceOf(scene, field, decided, where),
    fix:
      where?.place === 'verification'
        ? 'Hash the bytes of the body as they arrived, before anything decodes, parses or changes them.'
        : fixOf(flaw, level),
    exchanges: [control, decided.minimal.exchange],
    covers: (event) =>
      isOfBody
        ? Buffer.byteLength(JSON.stringify(event)) >= bytes
        : hypothesis.name === 'new-any'
          ? hasNewMember(event, field)
          : (scope.types === null || scope.types.includes(event.event)) &&
            fields.some(
              ({ path, meaning }) => meaning === 'order' || hypothesis.holds(valueAt(event, path)),
            ),
    without: (event) =>
      withChanges(
        event,
        fields
          .filter(
            ({ path, meaning }) => meaning !== 'order' && hypothesis.holds(valueAt(event, path)),
          )
          .map((one) => ({
            field: one,
            name: '',
            level: 'MUST',
            make: () => valueAt(probe.event(type), one.path),
          })),
      ),
  };
};

const combination = (scene: Scene, changes: readonly Change[], trial: Trial): Explanation => {
  const { flaw, control } = scene;
  const parts = changes.map(
    ({ field, name }) =>
      `${quoted(field)} ${name === 'has a random value' ? `is ${showValue(valueAt(trial.event, field.path))}` : name}`,
  );
  const level = weakest(changes);
  return {
    key: `${flaw}:${changes
      .map(({ field }) => field.name)
      .toSorted()
      .join('+')}`,
    flaw,
    level,
    cause: `${DOES[flaw]} an event in which ${list(parts, 'and')}.`,
    evidence: `Each of them alone is accepted. The event is answered ${answerText(trial.exchange.reply)}.`,
    fix: fixOf(flaw, level),
    exchanges: [control, trial.exchange],
    covers: () => false,
    without: null,
  };
};

/**
 * Several changes of one field may decide by what they have in common, such as the length, or a piece that they form.
 *
 * @returns null if they are of several fields, or nothing but this value is known to decide
 */
const oneFieldOf = async (
  scene: Scene,
  type: EventType,
  changes: readonly Change[],
  trial: Trial,
): Promise<Explanation | null> => {
  const [first] = changes;
  if (first === undefined || changes.some(({ field }) => field !== first.field)) return null;
  const joined: Change = {
    ...first,
    level: weakest(changes),
    make: (plain) => changes.reduce((value, { make }) => make(value), plain),
  };
  const decided = await decide(scene, type, joined, trial);
  return decided.hypothesis.name === 'value'
    ? null
    : fieldExplanation(scene, type, joined, decided);
};

/** The control's values are observations, too. */
const observeControl = ({ probe, control }: Scene, type: EventType): void => {
  const event = JSON.parse(Buffer.from(control.request.body).toString('utf8')) as Event;
  for (const { field, value } of valuesOf(type, event)) {
    knowledgeOf(probe).observe(type, field.name, { value, isBad: false, level: 'MUST' });
  }
};

const MAX_COMBINATION_TRIES = 40;

/**
 * @param one a case that shows the fault again and again, while the plain event does not
 * @returns null when none of its parts does
 */
export const explainCase = async (scene: Scene, one: Case): Promise<Explanation | null> => {
  const { probe, flaw, interests } = scene;
  const { type, changes } = one;
  observeControl(scene, type);
  const singles = await tryEvents(
    probe,
    changes.map((change) => eventOf(probe, { type, changes: [change] })),
    interests,
  );
  for (const [at, { event, flaw: seen, isUnclear }] of singles.entries()) {
    const { field, level } = changes[at]!;
    if (isUnclear) continue;
    const value = valueAt(event, field.path);
    knowledgeOf(probe).observe(type, field.name, { value, isBad: seen !== null, level });
  }
  const bad = changes
    .map((change, at) => ({ change, trial: singles[at]! }))
    .filter(({ trial }) => trial.flaw === flaw)
    .toSorted((a, b) => LEVELS.indexOf(a.change.level) - LEVELS.indexOf(b.change.level));
  const [first] = bad;
  if (first !== undefined) {
    const decided = await decide(scene, type, first.change, first.trial);
    return fieldExplanation(scene, type, first.change, decided);
  }
  let last: Trial | null = null;
  const shows = async (kept: readonly Change[]): Promise<boolean> => {
    const [trial] = await tryEvents(probe, [eventOf(probe, { type, changes: kept })], interests);
    if (trial?.flaw !== flaw) return false;
    last = trial;
    return true;
  };
  if (!(await shows(changes))) return null;
  const kept = await minimiseItems(changes, shows, MAX_COMBINATION_TRIES);
  if (last === null) return null;
  return (await oneFieldOf(scene, type, kept, last)) ?? combination(scene, kept, last);
};
