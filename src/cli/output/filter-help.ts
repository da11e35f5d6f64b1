/**
 * The filter language in help and completion.
 *
 * @module
 */
import { FILTER_KEYS } from '../../deliveries/filter.ts';
import { section } from '../help.ts';

/** The `Filter:` section of a command's help. */
export const filterHelp = (): string =>
  section(
    'Filter',
    'Terms that must all match. -term negates, a,b is "or", * is a wildcard. Other',
    'words are looked for in everything that the list shows.',
    ...FILTER_KEYS.map(({ key, help }) => `${key.padEnd(8)}  ${help}`),
  );

/** `status:dead`, `is:forged`, `lead:`: what can follow `--filter`. A shell would take `>` for a redirection. */
export const filterWords = (): readonly string[] =>
  FILTER_KEYS.flatMap(({ key, values }) => {
    const words = values.filter((value) => !value.startsWith('>'));
    return words.length === 0 ? [`${key}:`] : words.map((value) => `${key}:${value}`);
  });
