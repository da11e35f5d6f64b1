/**
 * From what a schema finds wrong to words for a person: field, value, remedy.
 *
 * @module
 */
import type * as z from 'zod';
import { type Problem, validationFailed } from './problems.ts';

/** More than these are counted, not told. */
const MAX_TOLD = 5;
const MAX_VALUE = 80;
/** Values of fields with these names are never repeated. */
const SECRETS: ReadonlySet<PropertyKey> = new Set(['secret']);

type Issue = z.core.$ZodIssue;

export interface ParseOptions {
  /** What the value is called when the whole of it is wrong, e.g. `the body`, and the start of its fields' paths. */
  readonly what?: string;
  /** Path before the schema's own, e.g. `['data']`. */
  readonly at?: readonly PropertyKey[];
  /** Remedies by name of field, for rules that say little by themselves. */
  readonly hints?: Readonly<Record<string, string>>;
}

/** `events[1]`, `data.lead_email` */
const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (found, key) =>
      typeof found === 'object' && found !== null && Object.hasOwn(found, key)
        ? (found as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );

/** What looks like a secret or a password is one, wherever it stands. */
const masked = (text: string): string =>
  text.replace(/whsec_[^\s"\\]*/g, 'whsec_…').replace(/:\/\/[^\s"/?#]*@/g, '://…@');

const show = (value: unknown): string => {
  const hide = (key: string, member: unknown): unknown => (SECRETS.has(key) ? '…' : member);
  const points = [...masked(JSON.stringify(value, hide) ?? 'missing')];
  return points.length > MAX_VALUE ? `${points.slice(0, MAX_VALUE).join('')}…` : points.join('');
};

/** The whole of a body is named by its kind only: anything may be in it. */
const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object that fits no form' : `a ${typeof value}`;
};

const list = (values: readonly unknown[]): string => values.map(String).join(', ');

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What to do about an issue. */
const remedyFor = (issue: Issue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return `Give ${issue.expected === 'int' ? 'a whole number' : `a value of type ${issue.expected}`}.`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `Use ${String(issue.values[0])}.`
        : `Use one of ${list(issue.values)}.`;
    case 'too_small':
    case 'too_big': {
      const bound =
        issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
      if (issue.origin === 'string') return `Give ${bound} characters.`;
      if (issue.origin === 'array')
        return `Give ${bound} ${bound.endsWith(' 1') ? 'item' : 'items'}.`;
      const exclusive = issue.inclusive === false ? ', exclusive' : '';
      return `Give a number of ${bound}${exclusive}.`;
    }
    case 'invalid_format':
      return 'pattern' in issue && issue.pattern !== undefined
        ? `It must match ${issue.pattern}.`
        : `${capital(issue.message)}.`;
    case 'not_multiple_of':
      return `Give a multiple of ${issue.divisor}.`;
    default:
      return `${capital(issue.message)}.`;
  }
};

/** A discriminated union says no more than that nothing matched; its `options` say what would have. */
const unionRemedy = (issue: Issue): string => {
  if (issue.code !== 'invalid_union') return remedyFor(issue);
  const { options } = issue as { options?: readonly unknown[] };
  return options === undefined
    ? 'It fits none of the allowed forms.'
    : `Use one of ${list(options)}.`;
};

/** How far a value is from a form: another type or other fields say that this form was not meant. */
const distance = (issues: readonly Issue[]): number =>
  issues.reduce((sum, { code }) => {
    if (code === 'unrecognized_keys') return sum + 100;
    return sum + (code === 'invalid_type' ? 10 : 1);
  }, 0);

/** What is wrong by the form that was most likely meant; null when the issue is about no forms. */
const byLikeliestForm = (issue: Issue): readonly Issue[] | null => {
  if (issue.code !== 'invalid_union') return null;
  const [likeliest] = issue.errors
    .filter((issues) => issues.length > 0)
    .toSorted((one, other) => distance(one) - distance(other));
  return likeliest === undefined
    ? null
    : likeliest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
};

const told = (issue: Issue, value: unknown, options: ParseOptions): string[] => {
  const likeliest = byLikeliestForm(issue);
  if (likeliest !== null) return likeliest.flatMap((inner) => told(inner, value, options));
  const { what = 'The body', at = [], hints = {} } = options;
  const path = [...at, ...issue.path];
  const name = path.length === 0 ? what : `"${pathText(path)}"`;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) =>
        `"${pathText([...path, key])}" is not a known field. Check its spelling, or remove it.`,
    );
  }
  const field = path.findLast((key) => typeof key === 'string');
  const hint = field !== undefined && Object.hasOwn(hints, field) ? hints[field] : undefined;
  const given = valueAt(value, issue.path);
  if (given === undefined && path.length > at.length)
    return [`${name} is missing. ${hint ?? unionRemedy(issue)}`];
  if (path.some((key) => SECRETS.has(key)))
    return [`${name} cannot be used (its value is not shown). ${hint ?? unionRemedy(issue)}`];
  const shown = path.length === 0 ? kindOf(given) : show(given);
  return [`${name} is ${shown}. ${hint ?? unionRemedy(issue)}`];
};

/** The problem that says what is wrong with `value`. */
export const misfit = (
  issues: readonly Issue[],
  value: unknown,
  options: ParseOptions = {},
): Problem => {
  const all = issues.flatMap((issue) => told(issue, value, options));
  const rest = all.length - MAX_TOLD;
  const more = rest > 0 ? [`And ${rest} more.`] : [];
  return validationFailed([...all.slice(0, MAX_TOLD), ...more].join(' '));
};

/**
 * Checks a value that came from outside.
 *
 * @returns the value, typed
 * @throws {Problem} `VALIDATION_FAILED`, naming each field, its value and the remedy; a secret's value is never named
 *
 * @example
 * ```ts
 * parse(RotateSecretRequest, { secret: 'short' });
 * // Problem: "secret" cannot be used (its value is not shown). Give at least 8 characters.
 * ```
 */
export const parse = <T extends z.ZodType>(
  schema: T,
  value: unknown,
  options: ParseOptions = {},
): z.infer<T> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw misfit(result.error.issues, value, options);
};
