/**
 * Every operation and every documented status of the specs, against the running server, with ajv as a judge that is
 * not ours. A pair that no scenario exercises fails.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../../schemas/contract.ts';
import { createMock, startSandbox, type Mock, type StartedSandbox } from '../../src/create-mock.ts';
import { follow, type Place } from '../spec/documents.ts';
import { apiOf, SECRET, type Api } from '../support/api.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import {
  documented,
  judge,
  judgeAnswer,
  placeOf,
  type Answer,
  type Documented,
} from './oracle/judge.ts';
import { campaign, scenariosFor, type Scenario, type Scenarios } from './oracle/scenarios.ts';

const PAIRS = [...documented('openapi.yaml'), ...documented('sandbox.openapi.yaml')];
const ACCOUNT = 'oracle';

let mock: Mock;
let closedMock: StartedSandbox;
let api: Api;
let scenarios: Scenarios;
/** So slow that a verification of it runs until it is stopped. */
let slow: Receiver;

/** @returns the campaign's id and its lead's */
const makeCampaign = async (
  steps: readonly string[],
): Promise<{ readonly id: string; readonly lead: string }> => {
  const { id } = (await api.send('POST', '/v1/campaigns', campaign)).data;
  const leads = [{ email: 'silent+1@leads.example' }];
  const added = await api.send('POST', `/v1/campaigns/${id}/leads`, { leads });
  for (const step of steps) await api.send('POST', `/v1/campaigns/${id}/${step}`);
  return { id, lead: added.data.leads[0].id };
};

const makeCampaigns = async () => {
  const completed = await makeCampaign(['activate']);
  await api.advance({ until: 'settled' });
  const draft = await makeCampaign([]);
  const empty = (await api.send('POST', '/v1/campaigns', campaign)).data.id as string;
  const campaigns = {
    draft: draft.id,
    empty,
    completed: completed.id,
    active: (await makeCampaign(['activate'])).id,
    paused: (await makeCampaign(['activate', 'pause'])).id,
    toStart: (await makeCampaign([])).id,
    toDelete: (await makeCampaign([])).id,
  };
  return { campaigns, lead: draft.lead };
};

/** @returns ids of one that has ended, of one to stop, and of one that runs in an account of its own */
const makeVerifications = async () => {
  slow = await startReceiver((_received, response) => {
    setTimeout(() => response.writeHead(204).end(), 5000).unref();
  });
  const start = async (owner: Api): Promise<string> => {
    const receiver = { url: slow.url, secret: SECRET };
    return (await owner.send('POST', '/_sandbox/verifications', receiver)).data.id as string;
  };
  const ended = await start(api);
  await api.send('DELETE', `/_sandbox/verifications/${ended}`);
  return { ended, running: await start(apiOf(mock.url, 'verifying')) };
};

beforeAll(async () => {
  mock = await createMock({ clock: 'frozen', rateLimit: false });
  closedMock = await startSandbox();
  await closedMock.store.close();
  api = apiOf(mock.url, ACCOUNT);
  const url = 'http://127.0.0.1:9/hook';
  const orphanage = await api.register(url);
  const orphan = await api.trigger();
  await api.send('DELETE', `/v1/webhooks/${orphanage}`);
  const webhook = await api.register(url);
  const disposable = await api.register(url);
  await api.send('PATCH', `/v1/webhooks/${disposable}`, { status: 'paused' });
  const deadDelivery = await api.trigger('email.bounced');
  await api.advance({ by: '1h' });
  const { event_id: deadEvent } = await api.delivery(deadDelivery);
  const used = { 'idempotency-key': 'used' };
  await api.send('POST', '/v1/webhooks', { url, events: ['*'], secret: 'whsec_12345678' }, used);
  await api.send('POST', '/_sandbox/sinks/crm/contacts', { name: 'Sarah' });
  const { data: snapshot } = await api.get('/_sandbox/snapshot');
  const never = { fault: 'delay', match: { nth: 1_000_000 } };
  for (let made = 0; made < 2; made += 1) await api.send('POST', '/_sandbox/faults', never);
  const staged = await makeCampaigns();
  const verifications = await makeVerifications();
  const made = { webhook, deadEvent, deadDelivery, orphan, snapshot, verifications, ...staged };
  const all = scenariosFor(made);
  const deletion = { ...all['deleteWebhook'], 200: { params: { webhook_id: disposable } } };
  scenarios = { ...all, deleteWebhook: deletion };
});
afterAll(async () => {
  await Promise.all([mock.close(), closedMock.close()]);
  await slow[Symbol.asyncDispose]();
});

const request = async ({ method, path }: Documented, scenario: Scenario): Promise<Answer> => {
  const { params = {}, query = '', body, account = ACCOUNT } = scenario;
  const filled = path.replaceAll(
    /\{(\w+)\}/g,
    (_whole, name: string) => params[name] ?? `{${name}}`,
  );
  const headers = new Headers({ 'x-user-context': account });
  if (body !== undefined) headers.set('content-type', 'application/json');
  for (const [name, value] of Object.entries(scenario.headers ?? {})) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  const isReady = body === undefined || typeof body === 'string' || body instanceof Blob;
  const sent = isReady ? body : JSON.stringify(body);
  // A stream has no end of its own.
  const stop = new AbortController();
  const { url } = scenario.storeClosed === true ? closedMock : mock;
  const response = await fetch(url + filled + query, {
    method,
    headers,
    signal: stop.signal,
    ...(sent === undefined ? {} : { body: sent }),
  });
  const endless = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const answer = {
    status: response.status,
    headers: response.headers,
    text: endless ? '' : await response.text(),
  };
  stop.abort();
  return answer;
};

const title = ({ operationId, status }: Documented): string => `${operationId} ${status}`;

/** Deletes and resets come last, so that what the others need is still there. */
const last = ({ operationId, status }: Documented): boolean =>
  status < 300 && ['deleteWebhook', 'acknowledgeFailedEvent'].includes(operationId);

describe('every documented answer', () => {
  test.each(
    [...PAIRS.filter((pair) => !last(pair)), ...PAIRS.filter(last)].map(
      (pair) => [title(pair), pair] as const,
    ),
  )('%s', async (_title, pair) => {
    const scenario = scenarios[pair.operationId]?.[pair.status];
    if (scenario === undefined) throw new Error(`no scenario provokes ${title(pair)}`);
    const answer = await request(pair, scenario);
    expect(`${answer.status} ${answer.status === pair.status ? '' : answer.text}`.trim()).toBe(
      String(pair.status),
    );
    expect(judgeAnswer(pair, answer)).toEqual([]);
  });

  test('has a scenario, and every scenario is documented', () => {
    const pairs = new Set(PAIRS.map(title));
    const known = Object.entries(scenarios).flatMap(([operationId, byStatus]) =>
      Object.keys(byStatus).map((status) => `${operationId} ${status}`),
    );
    expect(known.toSorted()).toEqual([...pairs].toSorted());
  });
});

describe('the delivery that AsyncAPI describes', () => {
  const operation = placeOf('asyncapi.yaml', 'operations', 'deliverEvent');
  const messages = (operation.value as { messages: unknown[] }).messages.map((value, index) =>
    follow({
      file: operation.file,
      path: ['operations', 'deliverEvent', 'messages', String(index)],
      value,
    }),
  );
  const inMessage = (message: Place, ...keys: string[]): Place =>
    placeOf(message.file, ...message.path, ...keys);

  test.each(
    messages.map((message) => [String(inMessage(message, 'name').value), message] as const),
  )('%s', async (event, message) => {
    await using receiver = await startReceiver();
    const account = apiOf(mock.url, `asyncapi-${event}`);
    await account.register(receiver.url);
    await account.settled(await account.trigger(event));
    const [received] = receiver.received;
    expect(judge(inMessage(message, 'payload'), JSON.parse(received!.body))).toEqual([]);
    // Header names are any case: each is judged under the name that the spec gives it.
    const traits = ['components', 'messageTraits', 'Signed'];
    for (const keys of [['headers'], ['bindings', 'http', 'headers']]) {
      const schema = placeOf('asyncapi.yaml', ...traits, ...keys);
      const { properties } = schema.value as { properties: Record<string, unknown> };
      const headers = Object.keys(properties).map((name) => [
        name,
        received!.headers[name.toLowerCase()],
      ]);
      expect(judge(schema, Object.fromEntries(headers))).toEqual([]);
    }
    const method = placeOf(
      'asyncapi.yaml',
      'operations',
      'deliverEvent',
      'bindings',
      'http',
      'method',
    );
    expect(received!.method).toBe(method.value);
  });

  test('is one of eight', () => {
    expect(messages.map((message) => String(inMessage(message, 'name').value)).toSorted()).toEqual(
      EVENT_TYPES.toSorted(),
    );
  });
});

describe('the judge', () => {
  const pair = PAIRS.find(
    ({ operationId, status }) => operationId === 'getWebhook' && status === 200,
  )!;
  const real = () => request(pair, scenarios['getWebhook']![200]!);

  test('finds a field that is not documented', async () => {
    const answer = await real();
    const body = JSON.parse(answer.text);
    const tampered = {
      ...answer,
      text: JSON.stringify({ ...body, data: { ...body.data, secret: 'x' } }),
    };
    expect(judgeAnswer(pair, tampered).join()).toContain('"unevaluatedProperty":"secret"');
  });
  test('finds a field that is missing', async () => {
    const answer = await real();
    const { status: _status, ...data } = JSON.parse(answer.text).data;
    const tampered = { ...answer, text: JSON.stringify({ ...JSON.parse(answer.text), data }) };
    expect(judgeAnswer(pair, tampered).join()).toContain('"missingProperty":"status"');
  });
  test('finds a header that is missing', async () => {
    const answer = await real();
    const headers = new Headers({ 'content-type': 'application/json' });
    expect(judgeAnswer(pair, { ...answer, headers })).toEqual([
      'the header x-request-id is missing',
    ]);
  });
});
