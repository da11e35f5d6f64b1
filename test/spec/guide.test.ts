/**
 * What the provider's guide shows is valid by the specs and stands in them word for word.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  documentOf,
  guideExample,
  judge2020,
  judgeDraft7,
  type Members,
  type SpecFile,
} from './documents.ts';

const at = (file: SpecFile, ...path: readonly (string | number)[]): any =>
  path.reduce<any>((value, key) => value?.[key], documentOf(file));

const events = { file: 'schemas/events.yaml' } as const;
const schemas = (name: string) =>
  ({ file: 'openapi.yaml', path: ['components', 'schemas', name] }) as const;
const schemaOf = (name: string) => ({ ...events, path: ['$defs', name] });

describe.each([
  ['email-replied', 'EmailReplied'],
  ['email-bounced', 'EmailBounced'],
  ['email-opened', 'EmailOpened'],
  ['email-unsubscribed', 'EmailUnsubscribed'],
])('%s', (fixture, name) => {
  const payload = guideExample(fixture);

  test('is valid in both dialects', () => {
    expect(judge2020(schemaOf(name), payload)).toEqual([]);
    expect(judgeDraft7(schemaOf(name), payload)).toEqual([]);
    expect(judge2020(schemaOf('WebhookEvent'), payload)).toEqual([]);
  });

  test('is the first example of its message, word for word and in its order', () => {
    const [example] = at('asyncapi.yaml', 'components', 'messages', name, 'examples');
    expect(example.name).toBe('guide');
    expect(JSON.stringify(example.payload)).toBe(JSON.stringify(payload));
  });

  test('has every field that the schema knows, and no other', () => {
    const data = payload['data'] as Members;
    const known = at('schemas/events.yaml', '$defs', `${name}Data`, 'properties');
    expect(Object.keys(data)).toEqual(Object.keys(known));
  });

  test('may have unknown fields', () => {
    const more = { ...payload, extra: 1, data: { ...(payload['data'] as Members), extra: 1 } };
    expect(judge2020(schemaOf(name), more)).toEqual([]);
  });

  test('is refused without what is required, and with a value of another type', () => {
    const required: string[] = at('schemas/events.yaml', '$defs', `${name}Data`, 'required');
    const data = payload['data'] as Members;
    for (const field of required) {
      const { [field]: _left, ...rest } = data;
      expect(judge2020(schemaOf(name), { ...payload, data: rest }), field).not.toEqual([]);
      const wrong = { ...payload, data: { ...data, [field]: [] } };
      expect(judge2020(schemaOf(name), wrong), field).not.toEqual([]);
    }
  });
});

describe('registration', () => {
  const path = ['paths', '/v1/webhooks', 'post'] as const;

  test('the request is valid and stands in the spec', () => {
    const request = guideExample('register-request');
    expect(judge2020(schemas('CreateWebhookRequest'), request)).toEqual([]);
    const media = at('openapi.yaml', ...path, 'requestBody', 'content', 'application/json');
    expect(JSON.stringify(media.examples.guide.value)).toBe(JSON.stringify(request));
  });

  test('the answer stands in the spec, with `meta` in addition', () => {
    const answer = guideExample('register-response');
    const media = at('openapi.yaml', ...path, 'responses', '201', 'content', 'application/json');
    const { meta, ...rest } = media.examples.guide.value;
    expect(meta).toBeDefined();
    expect(JSON.stringify(rest)).toBe(JSON.stringify(answer));
    expect(judge2020(schemas('WebhookResponse'), { ...answer, meta })).toEqual([]);
  });

  test('the secret is not given back', () => {
    expect(
      Object.keys(at('openapi.yaml', 'components', 'schemas', 'Webhook', 'properties')),
    ).toEqual(['id', 'url', 'events', 'status', 'created_at']);
  });
});

test('a failed event can be handled as the event that it was', () => {
  const payload = guideExample('email-bounced');
  const failure = {
    attempts: 4,
    last_error: 'The receiver answered 503.',
    last_status_code: 503,
    failed_at: '2026-04-06T10:41:03Z',
    acknowledged_at: null,
  };
  expect(judge2020(schemas('FailedEvent'), { ...payload, failure })).toEqual([]);
  expect(judge2020(schemas('FailedEvent'), payload)).not.toEqual([]);
});

describe('values', () => {
  test.each([
    ['Timestamp', '2026-04-06T14:23:17Z', true],
    ['Timestamp', '2026-04-06T14:23:60Z', false],
    ['Timestamp', '2026-06-30T23:59:60Z', false],
    ['Timestamp', '2026-02-30T00:00:00Z', false],
    ['Timestamp', '2026-04-06T24:00:00Z', false],
    ['Timestamp', '2026-04-06T14:23:17+00:00', false],
    ['Timestamp', '2026-04-06t14:23:17z', false],
    ['Timestamp', '2026-04-06T14:23:17Z\n', false],
    ['EventId', 'evt_reply_001', true],
    ['EventId', 'evt_', false],
    ['EventId', 'evt_a b', false],
    ['EventId', `evt_${'a'.repeat(125)}`, false],
    ['LeadId', 'lead_xyz789', true],
    ['BounceCode', '550', true],
    ['BounceCode', '5.1.1', true],
    ['BounceCode', '250', false],
    ['BounceCode', 550, false],
    ['CountryCode', 'US', true],
    ['CountryCode', 'us', false],
    ['LeadEmail', 'sarah@example.com', true],
    ['LeadEmail', 'sarah', false],
    ['SequenceStep', 0, false],
  ])('%s %j: %j', (name, value, valid) => {
    expect(judge2020(schemaOf(name), value).length === 0).toBe(valid);
    expect(judgeDraft7(schemaOf(name), value).length === 0).toBe(valid);
  });

  test.each([
    ['https://your-app.com/webhooks/sendemall', true],
    ['http://localhost:3000', true],
    ['http://127.0.0.1:3000/hook?token=a@b', true],
    ['http://[::1]:3000/hook', true],
    ['https://münchen.example/ä', true],
    ['ftp://your-app.com/', false],
    ['https://', false],
    ['https:///hook', false],
    ['https://user:word@your-app.com/', false],
    ['https://user@your-app.com/', false],
    ['https://your-app.com\\@evil.example/', false],
    ['https://your-app.com/#top', false],
    ['https://your-app.com/a b', false],
    [' https://your-app.com/', false],
    ['https://your-app.com/\n', false],
    [`https://your-app.com/${'a'.repeat(2048)}`, false],
  ])('webhook URL %j: %j', (url, valid) => {
    expect(judge2020(schemas('WebhookUrl'), url).length === 0).toBe(valid);
  });
});
