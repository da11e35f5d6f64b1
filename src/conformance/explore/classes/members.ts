/**
 * Classes of the event as a whole: members that are new, in another order, absent or null.
 *
 * @module
 */
import { MAY_COME, ONLY_JSON, ORDINARY, valueClass, type InputClass } from '../input-class.ts';

const member = (
  name: string,
  phrase: string,
  value: unknown,
  holds: (value: unknown) => boolean,
): InputClass => ({
  name: `new-${name}`,
  phrase,
  level: 'SHOULD',
  reason: MAY_COME,
  make: () => value,
  holds,
});

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member of each type that JSON has; the first stands for all of them. */
export const NEW_MEMBERS: readonly InputClass[] = [
  member('any', 'exists', 'new', (value) => value !== undefined),
  member('null', 'is null', null, (value) => value === null),
  member('flag', 'is true or false', true, (value) => typeof value === 'boolean'),
  member('number', 'is a number', 7, (value) => typeof value === 'number'),
  member('fraction', 'is a fraction', 0.5, (value) => typeof value === 'number' && value % 1 !== 0),
  member('negative', 'is negative', -1, (value) => typeof value === 'number' && value < 0),
  member(
    'large-number',
    'is a number above 2^63',
    1e21,
    (value) => typeof value === 'number' && value > 1e19,
  ),
  member('empty-text', 'is an empty text', '', (value) => value === ''),
  member('list', 'is a list', [1, 'two', { three: 3 }], Array.isArray),
  member(
    'empty-list',
    'is an empty list',
    [],
    (value) => Array.isArray(value) && value.length === 0,
  ),
  member('object', 'is an object', { a: { b: { c: [] } } }, isObject),
  member(
    'empty-object',
    'is an empty object',
    {},
    (value) => isObject(value) && Object.keys(value as object).length === 0,
  ),
];

export const ABSENT: InputClass = {
  name: 'absent',
  phrase: 'is absent',
  level: 'MUST',
  reason: ORDINARY,
  make: () => undefined,
  holds: (value) => value === undefined,
};

export const NULL: InputClass = {
  name: 'null',
  phrase: 'is null',
  level: 'INFO',
  reason: ONLY_JSON,
  make: () => null,
  holds: (value) => value === null,
};

/** The order of members: JSON gives it no meaning, and which one is sent is not documented. */
export type Order = 'reversed' | 'data-first' | 'data-reversed' | 'sorted';

export const ORDERS: readonly InputClass[] = (
  ['reversed', 'data-first', 'data-reversed', 'sorted'] satisfies readonly Order[]
).map((order) => ({
  ...valueClass(
    order,
    'MUST',
    'JSON gives the order of members no meaning; which one is sent is not documented',
  ),
  name: order,
  phrase: `is ${order.replace('-', ' ')}`,
}));
