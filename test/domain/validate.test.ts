/**
 * What somebody reads who sent something wrong: the field, its value, the remedy.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { Problem } from '../../src/domain/problems.ts';
import { validationProblem, parse, type ParseOptions } from '../../src/domain/validate.ts';

const complaint = (schema: z.ZodType, value: unknown, options?: ParseOptions): string => {
  try {
    parse(schema, value, options);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED', status: 422 });
    return error.message;
  }
  throw new Error('It was taken.');
};

const Webhook = z.strictObject({
  url: z.url(),
  events: z
    .array(z.enum(['email.opened', 'email.replied']))
    .min(1)
    .max(2),
  secret: z.string().min(8).max(12),
  retries: z.int().min(0).max(4).optional(),
  rate: z.number().gt(0).lt(1).optional(),
  step: z.number().multipleOf(5).optional(),
  kind: z.literal('webhook').optional(),
  code: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional(),
  when: z
    .string()
    .refine(() => false, 'it must be in the future')
    .optional(),
  nested: z.object({ deep: z.array(z.object({ flag: z.boolean() })) }).optional(),
});
const RIGHT = {
  url: 'http://localhost:3000/hook',
  events: ['email.opened'],
  secret: 'whsec_12345',
};

test('what is right comes back, typed and as it is', () => {
  expect(parse(Webhook, RIGHT)).toEqual(RIGHT);
  expect(parse(z.string().trim(), ' text ')).toBe('text');
});

describe('a wrong field is named with its value and what to do', () => {
  test.each<[object, string]>([
    [{ retries: 'two' }, '"retries" is "two". Pass a value of type number.'],
    [{ retries: 1.5 }, '"retries" is 1.5. Pass a whole number.'],
    [{ retries: -1 }, '"retries" is -1. Pass a number of at least 0.'],
    [{ retries: 5 }, '"retries" is 5. Pass a number of at most 4.'],
    [{ rate: 0 }, '"rate" is 0. Pass a number of at least 0, exclusive.'],
    [{ rate: 1 }, '"rate" is 1. Pass a number of at most 1, exclusive.'],
    [{ step: 7 }, '"step" is 7. Pass a multiple of 5.'],
    [{ kind: 'hook' }, '"kind" is "hook". Use webhook.'],
    [{ code: 'abc' }, '"code" is "abc". It must match /^[A-Z]{3}$/.'],
    [{ url: 'nowhere' }, '"url" is "nowhere". Invalid URL.'],
    [{ events: [] }, '"events" is []. Pass at least 1 item.'],
    [
      { events: ['email.opened', 'email.opened', 'email.opened'] },
      '"events" is ["email.opened","email.opened","email.opened"]. Pass at most 2 items.',
    ],
    [
      { events: ['email.opened', 'email.red'] },
      '"events[1]" is "email.red". Use one of email.opened, email.replied.',
    ],
    [
      { nested: { deep: [{ flag: true }, { flag: null }] } },
      '"nested.deep[1].flag" is null. Pass a value of type boolean.',
    ],
    [{ url: undefined }, '"url" is missing. Pass a value of type string.'],
    [{ when: 'x' }, '"when" is "x". It must be in the future.'],
    [{ typo: 1 }, '"typo" is not a known field. Check its spelling, or remove it.'],
  ])('%j', (change, message) => {
    expect(complaint(Webhook, { ...RIGHT, ...change })).toBe(message);
  });
});

test('reports all problems at once, at most five', () => {
  const fields = Object.fromEntries([...'abcdefg'].map((name) => [name, z.string()]));
  const missing = (name: string) => `"${name}" is missing. Pass a value of type string.`;
  expect(complaint(z.object(fields), { f: '', g: '' })).toBe([...'abcde'].map(missing).join(' '));
  expect(complaint(z.object(fields), {})).toBe(
    [...[...'abcde'].map(missing), 'And 2 more.'].join(' '),
  );
});

describe('a secret is never repeated', () => {
  test.each([
    ['too short', 'hush'],
    ['too long', 'hush-hush-hush'],
    ['no text', { hush: 1 }],
  ])('when it is %s', (_how, secret) => {
    const message = complaint(Webhook, { ...RIGHT, secret });
    expect(message).toMatch(/^"secret" is invalid \(value hidden\)\. Pass .+\.$/);
    expect(message).not.toContain('hush');
  });

  test('when what it stands in is wrong', () => {
    const message = complaint(z.object({ webhook: z.string() }), {
      webhook: { secret: 'hush', a: 1 },
    });
    expect(message).toBe('"webhook" is {"secret":"…","a":1}. Pass a value of type string.');
  });

  test('wherever else one was put', () => {
    const schema = z.object({ name: z.number() });
    expect(complaint(schema, { name: 'whsec_hush and whsec_hush!' })).toBe(
      '"name" is "whsec_… and whsec_…". Pass a value of type number.',
    );
    expect(complaint(schema, { name: 'see http://me:hush@localhost/a@b' })).toBe(
      '"name" is "see http://…@localhost/a@b". Pass a value of type number.',
    );
  });
});

describe('a long value is cut', () => {
  const schema = z.object({ name: z.number() });
  // With its quotes 80 characters, then 81; each of these is two UTF-16 units.
  test.each([
    [78, `"${'😀'.repeat(78)}"`],
    [79, `"${'😀'.repeat(79)}…`],
  ])('after %i characters', (length, shown) => {
    expect(complaint(schema, { name: '😀'.repeat(length) })).toBe(
      `"name" is ${shown}. Pass a value of type number.`,
    );
  });
});

describe('a whole body is named by its kind', () => {
  test.each<[unknown, string]>([
    [null, 'The body is null.'],
    [[1], 'The body is an array.'],
    ['hush', 'The body is a string.'],
    [7, 'The body is a number.'],
  ])('%j', (value, message) => {
    expect(complaint(Webhook, value)).toBe(`${message} Pass a value of type object.`);
  });

  test('or by what it is called', () => {
    expect(complaint(Webhook, 7, { what: 'The query' })).toMatch(/^The query is a number\. /);
  });
});

test('a path in front is a part of the name', () => {
  const options = { at: ['data', 0] };
  expect(complaint(z.object({ a: z.string() }), {}, options)).toBe(
    '"data[0].a" is missing. Pass a value of type string.',
  );
  expect(complaint(z.string(), undefined, options)).toBe(
    '"data[0]" is missing. Pass a value of type string.',
  );
  expect(complaint(z.strictObject({}), { b: 1 }, options)).toBe(
    '"data[0].b" is not a known field. Check its spelling, or remove it.',
  );
});

test('a hint takes the place of the remedy, by the name of the field it is in', () => {
  const schema = z.object({ to: z.array(z.url()), cc: z.url() });
  const hints = { to: 'Give addresses that begin with http.' };
  expect(complaint(schema, { to: ['x'], cc: 'x' }, { hints })).toBe(
    '"to[0]" is "x". Give addresses that begin with http. "cc" is "x". Invalid URL.',
  );
  expect(complaint(schema, { cc: 'http://localhost' }, { hints })).toBe(
    '"to" is missing. Give addresses that begin with http.',
  );
  const secret = { hints: { secret: 'Make a longer one.' } };
  expect(complaint(Webhook, { ...RIGHT, secret: 'hush' }, secret)).toBe(
    '"secret" is invalid (value hidden). Make a longer one.',
  );
});

describe('of several forms the one that was most likely meant is message', () => {
  const by = z.strictObject({ by: z.string().min(2) });
  const until = z.strictObject({ until: z.enum(['idle', 'settled']), limit: z.int().optional() });
  test.each<[unknown, string]>([
    [{ by: '' }, '"by" is "". Pass at least 2 characters.'],
    [{ by: 5 }, '"by" is 5. Pass a value of type string.'],
    [{ until: 'late' }, '"until" is "late". Use one of idle, settled.'],
    [{ until: 'idle', limit: 'x' }, '"limit" is "x". Pass a value of type number.'],
    // Three values that are not quite right are nearer than another type; that is nearer than a field too many.
    [
      { by: 'long', until: 'late' },
      '"until" is not a known field. Check its spelling, or remove it.',
    ],
    [
      { until: 'late', limit: 1.5 },
      '"until" is "late". Use one of idle, settled. "limit" is 1.5. Pass a whole number.',
    ],
  ])('%j', (value, message) => {
    expect(complaint(z.union([by, until]), value)).toBe(message);
  });

  test('inside a field, with its path', () => {
    expect(complaint(z.object({ to: z.union([by, until]) }), { to: { until: 'late' } })).toBe(
      '"to.until" is "late". Use one of idle, settled.',
    );
  });

  test('the nearer form is message, wherever it stands', () => {
    const near = z.strictObject({
      a: z.string().min(2),
      b: z.string().min(2),
      c: z.string().min(2),
    });
    const far = z.strictObject({ a: z.number(), b: z.string(), c: z.string() });
    const value = { a: '', b: '', c: '' };
    const message = ['a', 'b', 'c'].map((name) => `"${name}" is "". Pass at least 2 characters.`);
    expect(complaint(z.union([near, far]), value)).toBe(message.join(' '));
    expect(complaint(z.union([far, near]), value)).toBe(message.join(' '));
    const other = z.strictObject({ d: z.string() });
    const number = '"a" is "". Pass a value of type number.';
    expect(complaint(z.union([other, far]), value)).toBe(number);
    expect(complaint(z.union([far, other]), value)).toBe(number);
  });

  test('a value of no kind that a form could have', () => {
    const odd = z.object({}).refine(() => false, 'it fits no plan');
    expect(complaint(odd, {})).toBe('The body is an object of no allowed form. It fits no plan.');
    expect(complaint(z.object({ a: z.union([]) }), { a: 1 })).toBe(
      '"a" is 1. It matches none of the allowed forms.',
    );
  });

  test('what stands in what is no object is missing', () => {
    const issue = { code: 'custom' as const, path: ['a', 'b'], message: 'it is wrong', input: 1 };
    for (const value of [null, 7, {}, { a: null }, { a: 'text' }, { a: 7 }]) {
      expect(validationProblem([issue], value).message).toBe('"a.b" is missing. It is wrong.');
    }
    expect(validationProblem([{ ...issue, path: ['toString'] }], {}).message).toBe(
      '"toString" is missing. It is wrong.',
    );
  });

  test('a discriminated one says what would have matched', () => {
    const event = z.discriminatedUnion('event', [
      z.object({ event: z.literal('email.opened') }),
      z.object({ event: z.literal('email.replied') }),
    ]);
    expect(complaint(event, { event: 'email.red' })).toMatch(
      /^"event" is "email\.red"\. Use one of email\.opened, email\.replied\.$/,
    );
    expect(complaint(event, {})).toBe(
      '"event" is missing. Use one of email.opened, email.replied.',
    );
  });
});
