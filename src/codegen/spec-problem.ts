/**
 * What is wrong with a spec, and where: every refusal of the generator.
 *
 * @module
 */

/** A place in a spec: the file (relative to the spec folder) and the JSON Pointer inside it. */
export interface Place {
  readonly file: string;
  /** Such as `/components/schemas/Webhook`; empty for the whole document. */
  readonly pointer: string;
}

/** A spec that cannot be generated from. The message names file, pointer, what is wrong and the remedy. */
export class SpecProblem extends Error {
  override readonly name = 'SpecProblem';

  constructor(place: Place, message: string) {
    super(`${showPlace(place)}: ${message}`);
  }
}

/** `openapi.yaml#/components/schemas/Webhook`. */
export const showPlace = ({ file, pointer }: Place): string => `${file}#${pointer}`;

/** The place of a member or item. */
export const inside = (
  { file, pointer }: Place,
  ...names: readonly (string | number)[]
): Place => ({
  file,
  pointer: names.reduce<string>((path, name) => `${path}/${escapePointer(String(name))}`, pointer),
});

/** The names of a pointer, unescaped. */
export const pointerNames = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((name) => decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~'));

const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
