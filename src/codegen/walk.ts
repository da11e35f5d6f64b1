/**
 * Walks a whole spec and rejects unknown extensions.
 *
 * @module
 */
import { type Found, isMembers } from './documents.ts';
import { type Place, inside, pointerNames } from './spec-problem.ts';
import { checkExtension } from './vocabulary.ts';

/** Members whose keys are names that somebody chose. */
const NAME_MAPS: readonly string[] = ['$defs', 'properties', 'headers', 'examples', 'schemas'];

/** Whether a member holds a sample value, in which keys mean nothing. */
export function isExample(name: string, value: unknown, parent: Place): boolean {
  if (inNameMap(parent)) return false;
  if (name === 'examples') return Array.isArray(value);
  if (name === 'value') return pointerNames(parent.pointer).at(-2) === 'examples';
  return ['default', 'const', 'enum', 'example'].includes(name);
}

/** Whether the keys at a place are names, not keywords. */
function inNameMap({ pointer }: Place): boolean {
  const names = pointerNames(pointer);
  const last = names.at(-1) ?? '';
  // A property that is itself called "headers" holds a schema, not a map of names.
  return NAME_MAPS.includes(last) && !NAME_MAPS.includes(names.at(-2) ?? '');
}

/** Refuses an unknown `x-…` anywhere below. */
export function checkExtensions({ value, place }: Found): void {
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries())
      checkExtensions({ value: item, place: inside(place, at) });
    return;
  }
  if (!isMembers(value)) return;
  for (const [name, member] of Object.entries(value)) {
    if (name.startsWith('x-') && !inNameMap(place)) {
      checkExtension(name, place);
      continue;
    }
    if (!isExample(name, member, place))
      checkExtensions({ value: member, place: inside(place, name) });
  }
}
