/**
 * The two forms of the schemas: a receiver that parses with the tolerant one loses nothing, and the strict one says
 * what is sent today.
 *
 * @module
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ZodType } from 'zod';
import * as tolerant from '../../schemas/index.ts';
import * as strict from '../../schemas/strict.ts';
import { verify } from '../../src/conformance/verify.ts';
import { findRejections } from '../../src/vitest/accept-every.ts';
import { SECRET } from '../conformance/run-suite.ts';
import { scripted } from '../conformance/scripted-receiver.ts';

const { EVENT_EXAMPLES, EVENT_SCHEMAS, EVENT_TYPES, FailedEvent, WebhookEvent } = tolerant;
const [reply] = EVENT_EXAMPLES['email.replied'];
const failure = {
  attempts: 4,
  last_error: 'The receiver answered 503.',
  last_status_code: 503,
  failed_at: '2026-04-06T12:05:30Z',
  acknowledged_at: null,
};

/** What the provider may send one day, by what is new in it. */
const NEW: Readonly<Record<string, unknown>> = {
  'a member of the event': { ...reply, a_new_member: [1] },
  'a member of the data': { ...reply, data: { ...reply.data, a_new_member: null } },
  'a value of a list': { ...reply, data: { ...reply.data, reply_sentiment: 'delighted' } },
  'a type of event': { ...reply, event: 'lead.merged', data: { into: 'lead_1' } },
  'an id of another form': { ...reply, id: 'evt:1/2' },
  'a time with milliseconds': { ...reply, timestamp: '2026-04-06T14:23:17.123Z' },
};

const WRONG: readonly (readonly [what: string, event: unknown, says: RegExp])[] = [
  ['no object', 'email.sent', /^Invalid input: expected object/],
  ['no type', { ...reply, event: undefined }, /^event: /],
  ['a type that is no text', { ...reply, event: 7 }, /^event: /],
  ['no id', { ...reply, id: undefined }, /^id: Invalid input: expected string/],
  ['an id that is a number', { ...reply, id: 7 }, /^id: Invalid input: expected string/],
  [
    'a known type with the data of another',
    { ...reply, event: 'email.bounced' },
    /^data\.bounce_type: .*; data\.bounce_code: /,
  ],
  ['a new type without data', { ...reply, event: 'lead.merged', data: undefined }, /^data: /],
];

/** A receiver that is right but for what its schema refuses: it answers 422 to that. */
const receiverThatParsesWith = (schema: ZodType) =>
  scripted(({ isSigned, body }) => {
    if (!isSigned) return 401;
    return schema.safeParse(parsed(body)).success ? 204 : 422;
  });

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
};

describe('the tolerant form', () => {
  test.for(Object.entries(NEW))('takes %s that is new, and keeps it', ([, event]) => {
    expect(WebhookEvent.parse(event)).toEqual(event);
    const failed = { ...(event as object), failure };
    expect(FailedEvent.parse(failed)).toEqual(failed);
  });

  test.for(WRONG)('refuses %s, and says where', ([, event, says]) => {
    const { error } = WebhookEvent.safeParse(event);
    expect(error?.issues.map(({ message }) => message).join()).toMatch(says);
  });

  test.for(EVENT_TYPES)('of %s takes every event that the contract allows', async (type) => {
    expect(await findRejections(EVENT_SCHEMAS[type], type)).toEqual([]);
    expect(await findRejections(WebhookEvent, type)).toEqual([]);
  });

  test('takes everything that the strict form takes', () => {
    const both = Object.keys(strict).filter((name) => 'safeParse' in Reflect.get(strict, name));
    expect(both.length).toBeGreaterThan(80);
    expect(both.filter((name) => !(name in tolerant))).toEqual([]);
    for (const type of EVENT_TYPES) {
      for (const example of EVENT_EXAMPLES[type]) WebhookEvent.parse(example);
    }
  });

  test('passes every check of content that a receiver can be held to', async () => {
    await using receiver = await receiverThatParsesWith(WebhookEvent);
    const report = await verify({
      url: receiver.url,
      secret: SECRET,
      only: ['content/*'],
      seed: 1,
    });
    const failed = report.checks.filter(({ status }) => status === 'fail' || status === 'error');
    expect(failed.map(({ id, actual }) => `${id}: ${String(actual)}`)).toEqual([]);
    const tested = report.checks.filter(({ status }) => status === 'pass').map(({ id }) => id);
    expect(tested).toEqual(
      expect.arrayContaining([
        'content/event-types',
        'content/examples',
        'content/schema-samples',
        'content/unknown-enum',
        'content/unknown-event',
      ]),
    );
  });
});

describe('the strict form', () => {
  test.for(Object.entries(NEW).slice(2))('refuses %s that is new', ([, event]) => {
    expect(strict.WebhookEvent.safeParse(event).success).toBe(false);
  });

  test('fails the checks of what may come, and no MUST', async () => {
    await using receiver = await receiverThatParsesWith(strict.WebhookEvent);
    const report = await verify({
      url: receiver.url,
      secret: SECRET,
      only: ['content/*'],
      seed: 1,
    });
    const failed = report.checks.filter(({ status }) => status === 'fail');
    expect(failed.map(({ id, level }) => `${level} ${id}`)).toEqual([
      'SHOULD content/unknown-enum',
      'SHOULD content/unknown-event',
    ]);
    expect(report.summary.verdict).toBe('passed');
  });
});

describe('the JSON Schema files', () => {
  const folder = new URL('../../schemas/json/', import.meta.url);
  const compile = (file: string): ((value: unknown) => boolean) => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
    addFormats.default(ajv);
    return ajv.compile(JSON.parse(readFileSync(new URL(file, folder), 'utf8')));
  };

  test('come in both forms under the same name, the tolerant one first', () => {
    const strictFiles = readdirSync(new URL('strict/', folder));
    expect(strictFiles).toContain('webhook-event.schema.json');
    const tolerantFiles = readdirSync(folder);
    expect(strictFiles.filter((file) => !tolerantFiles.includes(file))).toEqual([]);
  });

  test('say the same as the zod schemas', () => {
    const [takes, takesToday] = ['', 'strict/'].map((form) =>
      compile(`${form}webhook-event.schema.json`),
    );
    const events = [...Object.values(NEW), ...WRONG.map(([, event]) => event), reply];
    for (const event of events) {
      // As it comes over the wire: a member that is undefined is not there.
      const sent: unknown = parsed(JSON.stringify(event));
      expect(takes?.(sent), JSON.stringify(sent)).toBe(WebhookEvent.safeParse(sent).success);
      expect(takesToday?.(sent)).toBe(strict.WebhookEvent.safeParse(sent).success);
    }
  });

  test('of all names agree with zod on the examples of the contract', () => {
    for (const type of EVENT_TYPES) {
      const takes = compile(`${type.replace('.', '-')}.schema.json`);
      const zod = Reflect.get(EVENT_SCHEMAS, type) as ZodType;
      for (const example of EVENT_EXAMPLES[type]) {
        expect([takes(example), zod.safeParse(example).success]).toEqual([true, true]);
      }
    }
  });
});
