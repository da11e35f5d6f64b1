/**
 * Errors for bodies that are not JSON in UTF-8, or nested too deeply.
 *
 * @module
 */
import type { ParseError } from 'jsonc-parser';
import { malformedBody, malformedJson, validationFailed } from '../domain/problems.ts';
import { JSON_LIMITS } from './json-slices.ts';
import { loadPackage } from './load-package.ts';

export const emptyBody = (): Error => malformedBody('The body is empty. Send a JSON object.');

export const notUtf8 = (): Error => malformedBody('The body is not UTF-8. Send JSON in UTF-8.');

export const tooDeep = (): Error =>
  validationFailed(
    `The body is nested more than ${JSON_LIMITS.maxNesting} levels deep. Send less nested data.`,
  );

/** Characters to search for the first error; a snapshot may be far longer. */
export const MAX_EXPLAINED_CHARACTERS = 1_048_576;

/** Thrown by the visitor to stop at the first error. */
class FirstError extends Error {
  readonly found: ParseError;
  constructor(found: ParseError) {
    super('the first error');
    this.found = found;
  }
}

/** Loaded on the first invalid body. */
const loadJsonParser = () => loadPackage('jsonc-parser', () => import('jsonc-parser'));

/** Stops at the first error and builds no tree: a text may consist of errors only. */
const firstErrorIn = async (text: string): Promise<ParseError | null> => {
  const { visit } = await loadJsonParser();
  try {
    visit(
      text,
      {
        onError: (error, offset, length) => {
          throw new FirstError({ error, offset, length });
        },
      },
      { disallowComments: true, allowTrailingComma: false },
    );
  } catch (error) {
    if (error instanceof FirstError) return error.found;
    // Before any error, it is nested more deeply than the visitor can go.
    if (error instanceof RangeError) throw tooDeep();
    throw error;
  }
  return null;
};

/** The beginning of a text, to search for errors. */
export interface Beginning {
  readonly text: string;
  /** Whether the text is longer. */
  readonly isCut: boolean;
}

/** The beginning of a text that is in memory. */
export const beginningOf = (text: string): Beginning => ({
  text: text.slice(0, MAX_EXPLAINED_CHARACTERS),
  isCut: text.length > MAX_EXPLAINED_CHARACTERS,
});

/** The first error in the searched part; null if it is at the cut, where every truncated text has one. */
export const earlyErrorIn = async ({ text, isCut }: Beginning): Promise<ParseError | null> => {
  const first = await firstErrorIn(text);
  const isAtCut = first !== null && first.offset + first.length >= text.length;
  return isCut && isAtCut ? null : first;
};

/** V8's message quotes the source, which may contain a secret, so locate the error again, only when needed. */
export const explain = async (beginning: Beginning): Promise<Error> => {
  const { printParseErrorCode } = await loadJsonParser();
  const { text, isCut } = beginning;
  const first = await earlyErrorIn(beginning);
  if (first === null && isCut) {
    return malformedBody(
      `Invalid JSON: the first error is after character ${MAX_EXPLAINED_CHARACTERS}. Check the body with a JSON parser.`,
    );
  }
  const offset = first?.offset ?? text.length;
  const before = text.slice(0, offset).split('\n');
  const description = first === null ? 'unexpected end' : printParseErrorCode(first.error);
  const what = description.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return malformedJson(before.length, (before.at(-1)?.length ?? 0) + 1, offset, what);
};
