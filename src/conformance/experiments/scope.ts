/**
 * How far a cause reaches: in which other fields and event types the same value has the same result.
 *
 * @module
 */
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import { withChanges, type Change } from '../explore/case.ts';
import { fieldsOf, type Field } from '../explore/fields.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { quoted, type Scope } from './cause-text.ts';
import type { Decided } from './field-probe.ts';
import { tryEvents, type Flaw, type Interests } from './trial.ts';

export interface Scene {
  readonly probe: Probe;
  readonly flaw: Flaw;
  readonly interests: Interests;
  /** The plain event of the same type, accepted. */
  readonly control: Exchange;
}

/** Other fields whose values are of the same kind: whether what decides does so there, too. */
const alikeIn = (type: EventType, field: Field): readonly Field[] =>
  fieldsOf(type).filter(
    ({ name, meaning }) =>
      name !== field.name &&
      (meaning === field.meaning ||
        [meaning, field.meaning].every((m) => m === 'text' || m === 'name')),
  );

export const scopeOf = async (
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
