/**
 * `Map.groupBy`, which the library of types that the project is compiled with does not know yet.
 *
 * @module
 */

export const groupBy = <Key, One>(
  items: readonly One[],
  keyOf: (item: One) => Key,
): ReadonlyMap<Key, readonly One[]> => {
  const groups = new Map<Key, One[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
};
