/**
 * Takes an event apart into the changes that make it differ from a plain one.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import { valueAt, type Case, type Change } from '../explore/case.ts';
import { NEW_MEMBERS } from '../explore/classes/members.ts';
import { fieldsOf, type Field } from '../explore/fields.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { showValue } from './cause-text.ts';

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
