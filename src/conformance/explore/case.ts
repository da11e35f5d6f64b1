/**
 * Generated cases: a plain event of a type, and what is changed in it.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Level } from '../check.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import type { Order } from './classes/members.ts';
import { fieldsOf, type Field } from './fields.ts';

/** One field of an event with an unusual value. */
export interface Change {
  readonly field: Field;
  /** What is named when nothing smaller is known to decide: "a generated value". */
  readonly name: string;
  readonly level: Level;
  /** Build the value from the plain one, so that a repeated case has an identity of its own. */
  readonly make: (plain: unknown) => unknown;
}

export interface Case {
  readonly type: EventType;
  readonly changes: readonly Change[];
}

type Members = Record<string, unknown>;

export const valueAt = (event: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (value, member) =>
      typeof value === 'object' && value !== null ? (value as Members)[member] : undefined,
    event,
  );

/** The event with another value at a path; undefined leaves the member out. */
const withValue = (event: Members, path: readonly string[], value: unknown): Members => {
  const [member = '', ...rest] = path;
  const inner =
    rest.length === 0 ? value : withValue((event[member] ?? {}) as Members, rest, value);
  if (inner !== undefined) return { ...event, [member]: inner };
  const { [member]: _, ...others } = event;
  return others;
};

const reverse = (members: Members): Members =>
  Object.fromEntries(Object.entries(members).toReversed());

const sort = (members: Members): Members =>
  Object.fromEntries(Object.entries(members).toSorted(([one], [other]) => (one < other ? -1 : 1)));

const reorder = (event: Members, order: Order): Members => {
  const data = event['data'] as Members;
  switch (order) {
    case 'reversed':
      return reverse(event);
    case 'data-first':
      return { data, ...event };
    case 'data-reversed':
      return { ...event, data: reverse(data) };
    case 'sorted':
      return { ...sort(event), data: sort(data) };
  }
};

/** The plain event with all changes made; the order of members last. */
export const withChanges = (plain: Event, changes: readonly Change[]): Event => {
  const orders = changes.filter(({ field }) => field.meaning === 'order');
  const values = changes.filter(({ field }) => field.meaning !== 'order');
  const changed = values.reduce<Members>(
    // Several changes of one field build on each other.
    (event, { field, make }) => withValue(event, field.path, make(valueAt(event, field.path))),
    { ...plain },
  );
  return orders.reduce(
    (event, { make }) => reorder(event, make(undefined) as Order),
    changed,
  ) as unknown as Event;
};

/** A fresh event of this case: with an id and, but for the changes, a lead of its own. */
export const eventOf = (probe: Probe, { type, changes }: Case): Event =>
  withChanges(probe.event(type), changes);

/** Each field of an event with its value, for those that classes know. */
export const valuesOf = (
  type: EventType,
  event: Event,
): readonly { readonly field: Field; readonly value: unknown }[] =>
  fieldsOf(type)
    .filter(({ meaning }) => meaning !== 'order')
    .map((field) => ({ field, value: valueAt(event, field.path) }));
