/**
 * Explains why one case shows a fault that the plain event of its type does not: which change decides, and what in its
 * value.
 *
 * @module
 */
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import type { Level } from '../check.ts';
import {
  eventOf,
  valueAt,
  valuesOf,
  withChanges,
  type Case,
  type Change,
} from '../explore/case.ts';
import { NEW_MEMBERS } from '../explore/classes/members.ts';
import { fieldsOf, type Field } from '../explore/fields.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { describeReply } from '../verdict.ts';
import { explainField, type Decided, type FieldProbe } from './explain-field.ts';
import type { Hypothesis } from './hypotheses.ts';
import { minimiseItems } from './minimise.ts';
import type { Explanation } from './run-memory.ts';
import { tryEvents, type Flaw, type Interests, type Trial } from './trial.ts';
import { locate, type Where } from './where.ts';

export interface Scene {
  readonly probe: Probe;
  readonly flaw: Flaw;
  readonly interests: Interests;
  /** The plain event of the same type, accepted. */
  readonly control: Exchange;
}

const LEVELS: readonly Level[] = ['MUST', 'SHOULD', 'INFO'];
/** What needs all of several changes is as legal as the least of them. */
const weakest = (changes: readonly Change[]): Level =>
  LEVELS[Math.max(...changes.map(({ level }) => LEVELS.indexOf(level)))] ?? 'INFO';
const strongest = (levels: readonly Level[]): Level =>
  LEVELS[Math.min(...levels.map((level) => LEVELS.indexOf(level)))] ?? 'INFO';

const DOES: Readonly<Record<Flaw, string>> = {
  refused: 'Refuses',
  lost: 'Answers 2xx and does nothing for',
  doubled: 'Processes twice',
};

const quoted = (field: Field): string =>
  field.meaning === 'member' || field.meaning === 'order' ? field.name : `\`${field.name}\``;

const showValue = (value: unknown): string => {
  const written = JSON.stringify(value) ?? 'absent';
  return written.length > 60 ? `${written.slice(0, 57)}… (${written.length} characters)` : written;
};

/** Other fields whose values are of the same kind: whether what decides does so there, too. */
const alikeIn = (type: EventType, field: Field): readonly Field[] =>
  fieldsOf(type).filter(
    ({ name, meaning }) =>
      name !== field.name &&
      (meaning === field.meaning ||
        [meaning, field.meaning].every((m) => m === 'text' || m === 'name')),
  );

interface Scope {
  /** Names of the fields in which it decides. */
  readonly fields: readonly string[];
  /** The only types where it does; null where it does in all that have the field. */
  readonly types: readonly string[] | null;
}

const scopeOf = async (
  scene: Scene,
  type: EventType,
  field: Field,
  decided: Decided,
): Promise<Scope> => {
  const { probe, flaw, interests } = scene;
  const make = (): unknown => decided.value;
  const change = (one: Field): Change => ({ field: one, name: '', level: 'MUST', make });
  const others = alikeIn(type, field);
  const isShared = (one: EventType): boolean =>
    one !== type &&
    fieldsOf(one).some(({ name }) => name === field.name) &&
    (flaw === 'refused' || interests?.has(one) === true);
  const types = field.meaning === 'order' ? [] : EVENT_TYPES.filter(isShared);
  const trials = await tryEvents(
    probe,
    [
      ...others.map((one) => withChanges(probe.event(type), [change(one)])),
      ...types.map((one) => withChanges(probe.event(one), [change(field)])),
    ],
    interests,
  );
  const shows = (at: number): boolean => trials[at]?.flaw === flaw;
  const bad = types.filter((_, at) => shows(others.length + at));
  return {
    fields: [field, ...others.filter((_, at) => shows(at))].map(quoted),
    types: bad.length === types.length ? null : [type, ...bad],
  };
};

const list = (names: readonly string[], word: string): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)!}`;

const subject = ({ types }: Scope, exceptions: number): string => {
  const every = exceptions === 0 ? 'every' : 'some';
  const event = exceptions === 0 ? 'event' : 'events';
  if (types === null) return `${every} ${event}`;
  return types.length === 1
    ? `${every} \`${types[0]}\` ${event}`
    : `every ${list(
        types.map((type) => `\`${type}\``),
        'and',
      )} event`;
};

const causeOf = (
  flaw: Flaw,
  field: Field,
  scope: Scope,
  { hypothesis, exceptions }: Decided,
): string => {
  const what = subject(scope, exceptions);
  if (field.meaning === 'member')
    return `${DOES[flaw]} ${what} with ${field.name}${hypothesis.name === 'new-any' ? '' : ` that ${hypothesis.phrase}`}.`;
  if (field.meaning === 'order')
    return `${DOES[flaw]} ${what} whose members stand in another order (${hypothesis.phrase.replace(/^is /, '')}).`;
  if (hypothesis.name === 'body-bytes')
    return `${DOES[flaw]} ${what} whose body is ${hypothesis.phrase.replace('makes the body ', '')}.`;
  return `${DOES[flaw]} ${what} whose ${list(scope.fields, 'or')} ${hypothesis.phrase}.`;
};

const FIXES: Readonly<Record<Flaw, string>> = {
  refused:
    'Accept the event: the contract allows this value. Read the value as it is, and answer 2xx.',
  lost: 'Process the event: the contract allows this value. Do not skip an event for a value that you do not expect.',
  doubled: 'Store the id of each event and its effect in one transaction.',
};

const evidenceOf = (scene: Scene, field: Field, decided: Decided, where: Where | null): string => {
  const { minimal, value } = decided;
  const { request } = scene.control;
  let plain: unknown;
  try {
    plain = valueAt(JSON.parse(Buffer.from(request.body).toString('utf8')), field.path);
  } catch {
    plain = undefined;
  }
  const outcome =
    scene.flaw === 'refused'
      ? `is answered ${describeReply(minimal.exchange.reply)}`
      : `is answered ${describeReply(minimal.exchange.reply)} and has ${scene.flaw === 'lost' ? 'no effect' : 'several effects'}`;
  const difference =
    field.meaning === 'order'
      ? 'A plain event with its members in that order'
      : `A plain \`${minimal.event.event}\` event with ${quoted(field)} ${showValue(value)}`;
  const control = `the same event with ${field.meaning === 'order' || field.meaning === 'member' ? 'nothing changed' : showValue(plain)} is answered ${describeReply(scene.control.reply)}`;
  return [`${difference} ${outcome}; ${control}.`, where?.evidence ?? ''].join(' ').trim();
};

/** Retries end after 36 minutes, and dead letters are recovered daily: older events are not known to be sent. Minutes. */
const MAX_AGE = 25 * 60;

const isBeyondRetries = ({ threshold }: Hypothesis): boolean =>
  threshold?.measure.name === 'age' && threshold.side === 'above' && threshold.good >= MAX_AGE;

const fieldExplanation = async (
  scene: Scene,
  type: EventType,
  change: Change,
  trial: Trial,
): Promise<Explanation> => {
  const { probe, flaw, interests, control } = scene;
  const { field } = change;
  const tryAll: FieldProbe['tryAll'] = (events) => tryEvents(probe, events, interests);
  const decided = await explainField({ probe, type, field, tryAll }, change, trial);
  const scope = await scopeOf(scene, type, field, decided);
  const where = flaw === 'refused' ? await locate(probe, decided.minimal.exchange) : null;
  const { hypothesis } = decided;
  const levels = probe.memory
    .observations(type, field.name)
    .filter(({ isBad, value }) => isBad && hypothesis.holds(value))
    .map(({ level }) => level);
  const fields = fieldsOf(type).filter((one) => scope.fields.includes(quoted(one)));
  const isOfBody = hypothesis.name === 'body-bytes';
  const bytes = decided.minimal.exchange.request.body.length;
  return {
    key: `${flaw}:${isOfBody ? 'body' : fields.length > 1 ? field.meaning : field.name}:${hypothesis.name}`,
    flaw,
    level: isBeyondRetries(hypothesis) ? 'INFO' : strongest([change.level, ...levels]),
    cause: causeOf(flaw, field, scope, decided),
    evidence: evidenceOf(scene, field, decided, where),
    fix:
      where?.place === 'verification'
        ? 'Hash the bytes of the body as they arrived, before anything decodes, parses or changes them.'
        : FIXES[flaw],
    exchanges: [control, decided.minimal.exchange],
    covers: (event) =>
      isOfBody
        ? Buffer.byteLength(JSON.stringify(event)) >= bytes
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
  return {
    key: `${flaw}:${changes
      .map(({ field }) => field.name)
      .toSorted()
      .join('+')}`,
    flaw,
    level: weakest(changes),
    cause: `${DOES[flaw]} an event in which ${list(parts, 'and')}.`,
    evidence: `Each of them alone is accepted. The event is answered ${describeReply(trial.exchange.reply)}.`,
    fix: FIXES[flaw],
    exchanges: [control, trial.exchange],
    covers: () => false,
    without: null,
  };
};

/** The control's values are observations, too. */
const observeControl = ({ probe, control }: Scene, type: EventType): void => {
  const event = JSON.parse(Buffer.from(control.request.body).toString('utf8')) as Event;
  for (const { field, value } of valuesOf(type, event)) {
    probe.memory.observe(type, field.name, { value, isBad: false, level: 'MUST' });
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
    probe.memory.observe(type, field.name, { value, isBad: seen !== null, level });
  }
  const bad = changes
    .map((change, at) => ({ change, trial: singles[at]! }))
    .filter(({ trial }) => trial.flaw === flaw)
    .toSorted((a, b) => LEVELS.indexOf(a.change.level) - LEVELS.indexOf(b.change.level));
  const [first] = bad;
  if (first !== undefined) return fieldExplanation(scene, type, first.change, first.trial);
  let last: Trial | null = null;
  const shows = async (kept: readonly Change[]): Promise<boolean> => {
    const [trial] = await tryEvents(probe, [eventOf(probe, { type, changes: kept })], interests);
    if (trial?.flaw !== flaw) return false;
    last = trial;
    return true;
  };
  const kept = await minimiseItems(changes, shows, MAX_COMBINATION_TRIES);
  return last === null ? null : combination(scene, kept, last);
};

/**
 * The event as a case: what of it is in no class of plain events.
 *
 * @param keepsIdentity also take over an address and ids that are of no class of their own
 */
export const caseOfEvent = (
  probe: Probe,
  type: EventType,
  event: Event,
  keepsIdentity = false,
): Case => {
  const plain = probe.event(type);
  const isIdentity = (field: Field): boolean =>
    field.meaning === 'id' || field.meaning === 'address';
  const changes = fieldsOf(type).flatMap((field): Change[] => {
    if (field.meaning === 'order') return [];
    const [value, usual] = [valueAt(event, field.path), valueAt(plain, field.path)];
    if (JSON.stringify(value) === JSON.stringify(usual)) return [];
    const one = field.classes.find((each) => each.holds(value) && !each.holds(usual));
    const isOwn = isIdentity(field) || field.name === 'timestamp';
    if (one === undefined && isOwn && !keepsIdentity) {
      const isOld =
        field.name === 'timestamp' && Date.parse(String(value)) < probe.wall.now() - 60_000;
      if (!isOld) return [];
    }
    const level = one?.level ?? 'MUST';
    const make = one !== undefined && isIdentity(field) ? one.make : () => value;
    return [{ field, name: one?.phrase ?? `is ${showValue(value)}`, level, make }];
  });
  return { type, changes: [...changes, ...unknownMembers(type, event)] };
};

/** Members that no schema has, wherever they stand. */
const unknownMembers = (type: EventType, event: Event): readonly Change[] => {
  const known = new Set(fieldsOf(type).map(({ path }) => path.join('.')));
  const parents = new Set(fieldsOf(type).map(({ path }) => path.slice(0, -1).join('.')));
  const found = (members: object, at: readonly string[]): readonly Change[] =>
    Object.entries(members).flatMap(([member, value]) => {
      const path = [...at, member];
      const here = path.join('.');
      if (known.has(here) || here === 'event' || here === 'data' || parents.has(here)) return [];
      const name = at.length === 0 ? 'a new member' : 'a new member of data';
      const field: Field = { name, path, meaning: 'member', classes: NEW_MEMBERS };
      return [
        {
          field,
          name: `is a new member (${showValue(value)})`,
          level: 'SHOULD' as const,
          make: () => value,
        },
      ];
    });
  return [...found(event, []), ...found(event.data, ['data'])];
};
