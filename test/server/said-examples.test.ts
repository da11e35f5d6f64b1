/**
 * Every sentence that an example in the API descriptions shows is what the server says: each is provoked.
 *
 * @module
 */
import { request } from 'node:http';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, SECRET, type Api } from '../support/api.ts';
import { answer, startReceiver } from '../support/receiver.ts';
import { isMembers, type Members } from '../spec/documents.ts';
import { campaign } from './oracle/scenarios.ts';

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

const bundles = ['openapi', 'sandbox.openapi'].map((name): unknown =>
  JSON.parse(readFileSync(new URL(`../../schemas/json/${name}.json`, import.meta.url), 'utf8')),
);

/** Every value below, with the name of the member that holds it. */
function* members(value: unknown, name = ''): Generator<readonly [string, unknown]> {
  yield [name, value];
  if (Array.isArray(value)) for (const item of value) yield* members(item, name);
  else if (isMembers(value)) {
    for (const [key, member] of Object.entries(value)) yield* members(member, key);
  }
}

const samples = bundles.flatMap((bundle) =>
  [...members(bundle)].flatMap(([, value]) =>
    isMembers(value) && 'value' in value ? [value['value']] : [],
  ),
);

/** Problems that examples show, each once. */
const problems = [
  ...new Map(
    samples
      .filter((sample): sample is Members => isMembers(sample) && sample['success'] === false)
      .map(({ error }) => error as Problem)
      .map((error) => [JSON.stringify(error), error] as const),
  ).values(),
];

/** Other sentences of the server in examples, by the member that holds them. */
const sentences = (name: string): string[] => [
  ...new Set(
    samples.flatMap((sample) =>
      [...members(sample)].flatMap(([key, value]) =>
        key === name && typeof value === 'string' ? [value] : [],
      ),
    ),
  ),
];

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'skip', rateLimit: false });
});
afterAll(() => mock.close());

let accounts = 0;
const freshApi = (): Api => apiOf(mock.url, `said-${(accounts += 1)}`);

type Provoke = (
  api: Api,
) => Promise<{ readonly error: Problem; readonly ids?: Record<string, string> }>;

const NOWHERE = 'http://127.0.0.1:9/';
const registration = { url: NOWHERE, events: ['*'], secret: 'whsec_your-signing-secret' };
const post =
  (path: string, body?: unknown, headers?: Record<string, string>): Provoke =>
  (api) =>
    api.send('POST', path, body, headers);
const get =
  (path: string): Provoke =>
  (api) =>
    api.get(path);

/** With a `Host` that fetch does not let us give. */
const withHost = (host: string): Promise<{ readonly error: Problem }> =>
  new Promise((resolve, reject) => {
    const headers = { host, 'x-user-context': 'said' };
    request(`${mock.url}/_sandbox/clock`, { headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(JSON.parse(text) as { error: Problem }));
    })
      .on('error', reject)
      .end();
  });

const VERIFICATIONS = '/_sandbox/verifications';

/** Ask while a verification of a receiver that never answers runs. */
const verifying = async (
  api: Api,
  ask: (receiver: { readonly url: string; readonly secret: string }) => Promise<{ error: Problem }>,
): Promise<{ error: Problem }> => {
  await using silent = await startReceiver(() => undefined);
  const receiver = { url: silent.url, secret: SECRET };
  const { data } = await api.send('POST', VERIFICATIONS, receiver);
  const { error } = await ask(receiver);
  await api.send('DELETE', `${VERIFICATIONS}/${data.id}`);
  return { error };
};

/** What provokes each problem, by its code; where a code has several examples, by what distinguishes them. */
const PROVOCATIONS: Readonly<Record<string, Provoke>> = {
  IDEMPOTENCY_KEY_REUSED: async (api) => {
    const key = { 'idempotency-key': 'used' };
    await api.send('POST', '/v1/webhooks', registration, key);
    return api.send('POST', '/v1/webhooks', { ...registration, events: ['email.sent'] }, key);
  },
  WEBHOOK_LIMIT_REACHED: async (api) => {
    for (let made = 0; made < 100; made += 1) await api.register(NOWHERE);
    return api.send('POST', '/v1/webhooks', registration);
  },
  CAMPAIGN_NOT_FOUND: get('/v1/campaigns/cmp_abc124'),
  LEAD_NOT_FOUND: async (api) => {
    const { data } = await api.send('POST', '/v1/campaigns', campaign);
    const { error } = await api.send('DELETE', `/v1/campaigns/${data.id}/leads/lead_xyz780`);
    return { error, ids: { [data.id]: 'cmp_abc123' } };
  },
  CAMPAIGN_NOT_ACTIVE: async (api) => {
    const { data } = await api.send('POST', '/v1/campaigns', campaign);
    const leads = [{ email: 'silent+1@leads.example' }];
    await api.send('POST', `/v1/campaigns/${data.id}/leads`, { leads });
    await api.send('PUT', '/_sandbox/clock', { mode: 'frozen' });
    for (const step of ['activate', 'pause'])
      await api.send('POST', `/v1/campaigns/${data.id}/${step}`);
    const { error } = await api.send('POST', `/v1/campaigns/${data.id}/pause`);
    return { error, ids: { [data.id]: 'cmp_abc123' } };
  },
  MALFORMED_JSON: async () => {
    const body = '{\n  "url": "https://your-app.com/webhooks/sendemall",\n  "events": ["*"], \n}';
    const headers = { 'x-user-context': 'said', 'content-type': 'application/json' };
    const answer = await fetch(`${mock.url}/v1/webhooks`, { method: 'POST', headers, body });
    return (await answer.json()) as { error: Problem };
  },
  UNAUTHORIZED: async () =>
    (await (await fetch(`${mock.url}/v1/webhooks`)).json()) as { error: Problem },
  WEBHOOK_NOT_FOUND: get('/v1/webhooks/whk_abc124'),
  FAILED_EVENT_NOT_FOUND: async (api) => {
    const id = await api.register(NOWHERE);
    const { error } = await api.get(`/v1/webhooks/${id}/failed-events/evt_reply_002`);
    return { error, ids: { [id]: 'whk_abc123' } };
  },
  PAYLOAD_TOO_LARGE: post('/v1/webhooks', 'x'.repeat(1_048_577)),
  UNSUPPORTED_MEDIA_TYPE: post('/v1/webhooks', registration, {
    'content-type': 'application/x-www-form-urlencoded',
  }),
  'VALIDATION_FAILED events': post('/v1/webhooks', {
    ...registration,
    events: ['email.sent', 'email.open'],
  }),
  'VALIDATION_FAILED limit': get('/v1/campaigns?limit=1000'),
  'VALIDATION_FAILED name': get('/_sandbox/sinks/CRM/requests'),
  EVENT_EXISTS: async (api) => {
    const event = { event: 'email.bounced', id: 'evt_bounce_001' };
    await api.send('POST', '/_sandbox/events', event);
    return api.send('POST', '/_sandbox/events', event);
  },
  WEBHOOK_PAUSED: async (api) => {
    const id = await api.register(NOWHERE);
    await api.send('PATCH', `/v1/webhooks/${id}`, { status: 'paused' });
    const event = { event: 'email.sent', webhook_id: id };
    const { error } = await api.send('POST', '/_sandbox/events', event);
    return { error, ids: { [id]: 'whk_abc123' } };
  },
  WEBHOOK_DELETED: async (api) => {
    const id = await api.register(NOWHERE);
    const delivery = await api.trigger();
    await api.send('DELETE', `/v1/webhooks/${id}`);
    const { error } = await api.send('POST', `/_sandbox/deliveries/${delivery}/redeliver`, {});
    return { error, ids: { [id]: 'whk_abc123' } };
  },
  FAULT_NEVER_MATCHES: async (api) => {
    const id = await api.register(NOWHERE, { events: ['email.replied'] });
    const match = { event: 'email.sent', webhook_id: id };
    const { error } = await api.send('POST', '/_sandbox/faults', { fault: 'duplicate', match });
    return { error, ids: { [id]: 'whk_abc123' } };
  },
  FAULT_NOT_FOUND: get('/_sandbox/faults/flt_9'),
  VERIFICATION_NOT_FOUND: get('/_sandbox/verifications/ver_9'),
  VERIFICATION_RUNNING: (api) =>
    verifying(api, (receiver) => api.send('POST', VERIFICATIONS, receiver)),
  REPORT_NOT_READY: (api) => verifying(api, () => api.get(`${VERIFICATIONS}/ver_1/report`)),
  FOREIGN_HOST: () => withHost('evil.example'),
  FOREIGN_ORIGIN: (api) =>
    api.send('GET', '/_sandbox/clock', undefined, { origin: 'https://evil.example' }),
  EVENT_NOT_FOUND: get('/_sandbox/events/evt_reply_002'),
  DELIVERY_NOT_FOUND: get('/_sandbox/deliveries/dlv_1'),
};

const provocationOf = ({ code, message }: Problem): Provoke | undefined =>
  PROVOCATIONS[code] ?? PROVOCATIONS[`${code} ${/^"(\w+)/.exec(message)?.[1] ?? ''}`];

describe('a problem in an example is what the server answers', () => {
  test.each(problems)('$code: $message', async (shown) => {
    const provoke = provocationOf(shown);
    if (provoke === undefined)
      throw new Error(`Nothing provokes ${shown.code}. Add it to PROVOCATIONS.`);
    const { error, ids = {} } = await provoke(freshApi());
    const message = Object.entries(ids).reduce(
      (text, [id, name]) => text.replaceAll(id, name),
      error.message,
    );
    expect({ ...error, message }).toEqual(shown);
  });

  test('none is provoked for nothing', () => {
    const used = new Set(problems.map((problem) => provocationOf(problem)));
    const idle = Object.entries(PROVOCATIONS).filter(([, provoke]) => !used.has(provoke));
    expect(idle.map(([name]) => name)).toEqual([]);
  });
});

describe('another sentence in an example is what the server says', () => {
  test('of an attempt that failed', async () => {
    await using receiver = await startReceiver(answer(503));
    const said = new Set<string>();
    for (const url of [receiver.url, NOWHERE]) {
      const api = freshApi();
      const id = await api.register(url);
      const delivery = await api.trigger('email.bounced');
      await api.advance({ until: 'settled' });
      const seen = [
        await api.delivery(delivery),
        await api.get(`/v1/webhooks/${id}/failed-events`),
      ];
      for (const [name, value] of members(seen)) {
        if (/^(?:last_)?error$/.test(name) && typeof value === 'string') said.add(value);
      }
    }
    const heard = [...said].map((text) => text.replace('127.0.0.1:9', 'localhost:3000'));
    const shown = [...sentences('last_error'), ...sentences('error')].filter(
      (text) => !text.includes('maintenance'),
    );
    expect(shown.length).toBeGreaterThan(1);
    expect(shown.filter((text) => !heard.includes(text))).toEqual([]);
  });

  test('of a trigger without subscribers', async () => {
    const { data } = await freshApi().send('POST', '/_sandbox/events', { event: 'email.sent' });
    for (const notice of sentences('notice')) expect(data.notice).toBe(notice);
  });

  test('of a scenario', async () => {
    const { data } = await freshApi().get('/_sandbox/scenarios');
    const known = data.map(({ description }: { description: string }) => description);
    const shown = samples.flatMap((sample) =>
      [...members(sample)].flatMap(([, value]) =>
        isMembers(value) && 'leads' in value && typeof value['description'] === 'string'
          ? [value['description']]
          : [],
      ),
    );
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.filter((text) => !known.includes(text))).toEqual([]);
  });

  test('of a fault', async () => {
    const api = freshApi();
    const rules = [
      { fault: 'lost_acknowledgement', probability: 0.1 },
      { fault: 'delay', match: { event: 'email.replied', nth: 3 }, times: 1, delay: '2m' },
    ];
    const said: string[] = [];
    for (const rule of rules)
      said.push((await api.send('POST', '/_sandbox/faults', rule)).data.does);
    expect(sentences('does').filter((text) => !said.includes(text))).toEqual([]);
  });
});
