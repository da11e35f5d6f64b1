/**
 * Texts, numbers and listed values as zod source.
 *
 * @module
 */
import type { Members } from './documents.ts';
import { type Doc, call, group } from './layout.ts';
import { print, separated } from './source-text.ts';
import { type Place, SpecProblem, inside } from './spec-problem.ts';
import { type Type, typesOf } from './vocabulary.ts';

/** Notes that a helper of `support.ts` is needed, and gives its name. */
export type NeedHelper = (name: string) => string;

/** `const` or `enum`. */
export function printValues(values: readonly unknown[], schema: Members, place: Place): Doc {
  const types = typesOf(schema, place);
  for (const value of values) {
    if (!['string', 'number', 'boolean'].includes(typeof value) && value !== null) {
      throw new SpecProblem(place, 'only texts, numbers, true, false and null can be listed here.');
    }
    if (types.length > 0 && !types.some((type) => isOfType(value, type))) {
      throw new SpecProblem(
        place,
        `${JSON.stringify(value)} is not of type ${types.join(' or ')}.`,
      );
    }
  }
  const solid = values.filter((value) => value !== null);
  const suffix = solid.length < values.length ? '.nullable()' : '';
  if (solid.length === 0) return 'z.null()';
  const [first] = solid;
  const printed = solid.map((value) => print(value));
  if (values.length === 1) return call('z.literal', print(first));
  const areTexts = solid.every((value) => typeof value === 'string');
  return [group(areTexts ? 'z.enum([' : 'z.literal([', printed, '])'), suffix];
}

function isOfType(value: unknown, type: Type): boolean {
  if (type === 'null') return value === null;
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

/** A schema of type string. zod counts its length as JSON Schema does: in code points. */
export function printText(helper: NeedHelper, schema: Members, place: Place): Doc {
  const { minLength, maxLength, format } = schema;
  const parts: Doc[] = ['z.string()'];
  if (minLength !== undefined) parts.push(`.min(${count(minLength, place, 'minLength')})`);
  if (maxLength !== undefined) parts.push(`.max(${count(maxLength, place, 'maxLength')})`);
  if (schema['pattern'] !== undefined) {
    parts.push(call('.regex', pattern(schema['pattern'], place)));
  }
  if (format !== undefined) parts.push(`.check(${helper('format')}(${print(format)}))`);
  return parts;
}

function pattern(value: unknown, place: Place): string {
  try {
    const { source } = new RegExp(String(value), 'u');
    return `/${source}/u`;
  } catch (error) {
    throw new SpecProblem(inside(place, 'pattern'), `not a pattern: ${String(error)}`);
  }
}

/** The limits of a number, as calls. */
export function bounds(schema: Members, place: Place): string {
  const methods = {
    minimum: 'min',
    maximum: 'max',
    exclusiveMinimum: 'gt',
    exclusiveMaximum: 'lt',
  };
  return Object.entries(methods)
    .filter(([keyword]) => schema[keyword] !== undefined)
    .map(([keyword, method]) => {
      const bound = schema[keyword];
      if (typeof bound === 'number') return `.${method}(${separated(bound)})`;
      throw new SpecProblem(inside(place, keyword), 'expected a number.');
    })
    .join('');
}

/** A length or number of things. */
export function count(value: unknown, place: Place, keyword: string): string {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return separated(value);
  throw new SpecProblem(inside(place, keyword), 'expected a whole number from 0.');
}
