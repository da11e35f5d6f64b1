/**
 * Short names of checks: `dup-seq` for `delivery/dup-seq`, `signature` for all of that area.
 *
 * @module
 */
import { CATALOGUE } from '../../conformance/catalogue.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { UsageError } from '../usage-error.ts';

const IDS: readonly string[] = CATALOGUE.map(({ id }) => id);
const AREAS: readonly string[] = [...new Set(IDS.map((id) => id.split('/')[0]!))];

const nameOf = (id: string): string => id.split('/')[1] ?? id;

/**
 * Replace short names by IDs and globs. Globs stay as they are.
 *
 * @param flag for the message
 * @throws {UsageError} for a name that is near a check's, but none
 */
export const wholeNames = (names: readonly string[], flag: string): readonly string[] =>
  names.flatMap((name) => {
    if (AREAS.includes(name)) return [`${name}/*`];
    if (/[*?]/.test(name) || IDS.includes(name)) return [name];
    const ids = IDS.filter((id) => nameOf(id) === name);
    if (ids.length > 0) return ids;
    const suggestion = nearest(name, [...IDS, ...AREAS], nameOf);
    if (suggestion === null) return [name];
    throw new UsageError(
      `${flag} "${name}" matches no check.${didYouMean(suggestion)} \`sendemall-mock verify --list\` lists all.`,
    );
  });
