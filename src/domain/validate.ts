/**
 * Validation of external values, with messages that name the field, its value and the remedy.
 *
 * @module
 */
import type * as z from 'zod';
import { type Problem, validationFailed } from './problems.ts';

/** Further issues are only counted. */
const MAX_DESCRIBED = 5;
const MAX_VALUE_CHARACTERS = 80;
/** Names of fields whose values are never printed. */
const SECRETS: ReadonlySet<PropertyKey> = new Set(['secret']);

type Issue = z.core.$ZodIssue;

export interface ParseOptions {
  /** Name of the whole value in messages. Default `The body`. */
  readonly what?: string;
  /** Path prefix for fields in messages, such as `['data']`. */
  readonly at?: readonly PropertyKey[];
  /** Remedies by field name, for rules that are unclear on their own, such as patterns. */
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

/** Mask secrets and passwords anywhere in a text. */
const masked = (text: string): string =>
  text.replace(/whsec_[^\s"\\]*/g, 'whsec_…').replace(/:\/\/[^\s"/?#]*@/g, '://…@');

const printable = (value: unknown): string => {
  const hide = (key: string, member: unknown): unknown => (SECRETS.has(key) ? '…' : member);
  const points = [...masked(JSON.stringify(value, hide) ?? 'missing')];
  return points.length > MAX_VALUE_CHARACTERS
    ? `${points.slice(0, MAX_VALUE_CHARACTERS).join('')}…`
    : points.join('');
};

/** Describe a whole body by its type only: its content may be secret. */
const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object of no allowed form' : `a ${typeof value}`;
};

const list = (values: readonly unknown[]): string => values.map(String).join(', ');

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The remedy for an issue: a sentence. */
const remedyFor = (issue: Issue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return `Pass ${issue.expected === 'int' ? 'a whole number' : `a value of type ${issue.expected}`}.`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `Use ${String(issue.values[0])}.`
        : `Use one of ${list(issue.values)}.`;
    case 'too_small':
    case 'too_big': {
      const bound =
        issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
      if (issue.origin === 'string') return `Pass ${bound} characters.`;
      if (issue.origin === 'array')
        return `Pass ${bound} ${bound.endsWith(' 1') ? 'item' : 'items'}.`;
      const exclusive = issue.inclusive === false ? ', exclusive' : '';
      return `Pass a number of ${bound}${exclusive}.`;
    }
    case 'invalid_format':
      return 'pattern' in issue && issue.pattern !== undefined
        ? `It must match ${issue.pattern}.`
        : `${capital(issue.message)}.`;
    case 'not_multiple_of':
      return `Pass a multiple of ${issue.divisor}.`;
    default:
      return `${capital(issue.message)}.`;
  }
};

/** The remedy for a discriminated union lists the tags that would have matched. */
const unionRemedy = (issue: Issue): string => {
  if (issue.code !== 'invalid_union') return remedyFor(issue);
  const { options } = issue as { options?: readonly unknown[] };
  return options === undefined
    ? 'It matches none of the allowed forms.'
    : `Use one of ${list(options)}.`;
};

/** Distance of a value from a form. A wrong type or unknown field weighs more: another form was probably meant. */
const distance = (issues: readonly Issue[]): number =>
  issues.reduce((sum, { code }) => {
    if (code === 'unrecognized_keys') return sum + 100;
    return sum + (code === 'invalid_type' ? 10 : 1);
  }, 0);

/** Issues for the form that was most likely meant; null if the issue is not about a union. */
const issuesOfLikeliestForm = (issue: Issue): readonly Issue[] | null => {
  if (issue.code !== 'invalid_union') return null;
  const [likeliest] = issue.errors
    .filter((issues) => issues.length > 0)
    .toSorted((one, other) => distance(one) - distance(other));
  return likeliest === undefined
    ? null
    : likeliest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
};

const describeIssue = (issue: Issue, value: unknown, options: ParseOptions): string[] => {
  const likeliest = issuesOfLikeliestForm(issue);
  if (likeliest !== null) return likeliest.flatMap((inner) => describeIssue(inner, value, options));
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
    return [`${name} is invalid (value hidden). ${hint ?? unionRemedy(issue)}`];
  const shown = path.length === 0 ? kindOf(given) : printable(given);
  return [`${name} is ${shown}. ${hint ?? unionRemedy(issue)}`];
};

/** Create the problem that describes what is wrong with `value`. */
export const validationProblem = (
  issues: readonly Issue[],
  value: unknown,
  options: ParseOptions = {},
): Problem => {
  const all = issues.flatMap((issue) => describeIssue(issue, value, options));
  const rest = all.length - MAX_DESCRIBED;
  const more = rest > 0 ? [`And ${rest} more.`] : [];
  return validationFailed([...all.slice(0, MAX_DESCRIBED), ...more].join(' '));
};

/**
 * Validate an external value.
 *
 * @returns the value, typed
 * @throws {Problem} `VALIDATION_FAILED`, with each field, its value and the remedy; secrets are hidden
 *
 * @example
 * ```ts
 * parse(RotateSecretRequest, { secret: 'short' });
 * // Problem: "secret" is invalid (value hidden). Pass at least 8 characters.
 * ```
 */
export const parse = <T extends z.ZodType>(
  schema: T,
  value: unknown,
  options: ParseOptions = {},
): z.infer<T> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw validationProblem(result.error.issues, value, options);
};
