/**
 * What is kept of campaigns: it loads elsewhere, survives a reset at any moment, and trouble with it stays the account's.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type StartedSandbox } from '../../src/create-mock.ts';
import type { MockOptions } from '../../src/mock-options.ts';
import { apiOf, type Api } from '../support/api.ts';
import { eventsOf, leads, settings, startCampaign } from '../support/campaign.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-campaigns-'));
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver((_, response) => response.writeHead(200).end());
});
afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);

const START = '2026-04-06T12:00:00Z';
const open = (options: MockOptions = {}): Promise<StartedSandbox> =>
  startSandbox({ clock: 'frozen', clockStart: START, rateLimit: false, ...options });

const idsOf = (from: number): string[] =>
  eventsOf(receiver)
    .slice(from)
    .map(({ id }) => id);

/** Registers, starts a campaign, and lets half of its events happen. */
const halfway = async (api: Api): Promise<string> => {
  await api.register(receiver.url);
  const id = await startCampaign(api, leads(40), { daily_limit: 40 });
  await api.advance({ by: '12h' });
  return id;
};

const stores = [
  ['memory', () => null],
  ['a file', newFile],
] as const;

describe.each(stores)('in %s', (_, file) => {
  test('a snapshot with a running campaign continues unchanged under another seed', async () => {
    await using from = await open({ seed: 1, db: file() });
    await using to = await open({ seed: 2, db: file() });
    const [a, b] = [apiOf(from.url, 'a'), apiOf(to.url, 'b')];
    const id = await halfway(a);
    const { data: snapshot } = await a.get('/_sandbox/snapshot');
    expect(await b.send('PUT', '/_sandbox/snapshot', snapshot)).toMatchObject({ status: 200 });
    expect((await b.get(`/v1/campaigns/${id}`)).data).toEqual(
      (await a.get(`/v1/campaigns/${id}`)).data,
    );
    let before = receiver.received.length;
    await a.advance({ until: 'settled' });
    const expected = idsOf(before);
    expect(expected.length).toBeGreaterThan(10);
    before = receiver.received.length;
    await b.advance({ until: 'settled' });
    expect(idsOf(before)).toEqual(expected);
  });

  test('a snapshot whose campaigns cannot be replayed is refused, and changes nothing', async () => {
    await using mock = await open({ seed: 1, db: file() });
    const api = apiOf(mock.url, 'a');
    await halfway(api);
    const { data: good } = await api.get('/_sandbox/snapshot');
    const other = apiOf(mock.url, 'other');
    const kept = await other.register(receiver.url);
    const { command, progress } = good.tables;
    const body = (value: unknown): string => JSON.stringify(value);
    const activate = { number: 9, done_at: 1, emitted: 0 };
    const bad: [string, object][] = [
      ['another seed', { ...good, seed: 2 }],
      [
        'no seed',
        {
          ...good,
          version: 2,
          seed: undefined,
          opens: undefined,
          tables: { command: command.slice(1) },
        },
      ],
      [
        'more events than there are',
        { ...good, tables: { ...good.tables, progress: [{ emitted: 1e9 }] } },
      ],
      [
        'a command for what is not there',
        {
          ...good,
          tables: { command: [{ ...activate, body: body({ do: 'activate', campaign: 'cmp_x' }) }] },
        },
      ],
      [
        'an unknown command',
        { ...good, tables: { command: [{ ...activate, body: '{"do":"x"}' }] } },
      ],
      [
        'settings that the API refuses',
        {
          ...good,
          tables: {
            command: [
              {
                ...activate,
                body: body({
                  do: 'create',
                  profile: 'average',
                  settings: settings({ daily_limit: 0 }),
                }),
              },
            ],
          },
        },
      ],
    ];
    expect(progress[0].emitted).toBeGreaterThan(0);
    for (const [name, snapshot] of bad) {
      const reply = await other.send('PUT', '/_sandbox/snapshot', snapshot);
      expect([name, reply.status, reply.error?.code]).toEqual([name, 422, 'VALIDATION_FAILED']);
      expect(reply.error.message).toMatch(/^Invalid snapshot: tables\./);
      expect((await other.get('/v1/webhooks')).data).toMatchObject([{ id: kept }]);
    }
  });

  test('a reset while a campaign runs and is changed leaves an account that works, and opens again', async () => {
    const db = file();
    const mock = await open({ db, clock: 'skip' });
    for (let round = 0; round < 5; round += 1) {
      const api = apiOf(mock.url, `round-${round}`);
      await api.register(receiver.url);
      const id = await startCampaign(api, leads(50));
      const changes = Array.from({ length: 20 }, (_, index) =>
        api.send('PATCH', `/v1/campaigns/${id}`, { name: `Name ${index}` }),
      );
      const reset = api.send('POST', '/_sandbox/reset');
      const more = Array.from({ length: 20 }, (_, index) =>
        api.send('PATCH', `/v1/campaigns/${id}`, { name: `Name ${index}` }),
      );
      expect((await reset).status).toBe(200);
      for (const { status } of await Promise.all([...changes, ...more])) {
        expect([200, 404]).toContain(status);
      }
      expect(await api.get('/v1/campaigns')).toMatchObject({ status: 200, data: [] });
    }
    await mock.close();
    if (db === null) return;
    await using again = await open({ db });
    expect(again.engine.figures().accounts).toBe(0);
    expect(await apiOf(again.url, 'round-0').get('/v1/campaigns')).toMatchObject({ data: [] });
  });

  test('if a trigger uses the id of a campaign event first, the campaign draws another', async () => {
    await using mock = await open({ seed: 7, db: file() });
    const [a, b] = [apiOf(mock.url, 'a'), apiOf(mock.url, 'b')];
    await a.register(receiver.url);
    await startCampaign(a, leads(10));
    let before = receiver.received.length;
    await a.advance({ until: 'settled' });
    const ofA = idsOf(before);
    before = receiver.received.length;
    await b.register(receiver.url);
    const taken = [ofA[4]!, ofA[5]!, ofA[9]!];
    for (const id of taken) await b.trigger('email.replied', { id });
    await startCampaign(b, leads(10));
    await b.advance({ until: 'settled' });
    const ofB = idsOf(before).filter((id) => !taken.includes(id));
    expect(ofB).toHaveLength(ofA.length);
    expect(new Set([...ofB, ...taken]).size).toBe(ofA.length + taken.length);
    expect(ofB.filter((id, index) => id !== ofA[index])).toHaveLength(taken.length);
    expect((await b.get('/_sandbox/clock')).data.next_due_at).toBeNull();
  });
});

test('an account whose campaigns are damaged keeps no other from its work, says so, and is healed by a reset', async () => {
  const db = newFile();
  const mock = await open({ db });
  await Promise.all(['a', 'b'].map((key) => halfway(apiOf(mock.url, key))));
  await mock.close();
  const file = new DatabaseSync(db);
  file.exec(
    `UPDATE command SET body = '{"do":"activate","campaign":"cmp_gone"}' WHERE account = 1 AND number = 1`,
  );
  file.close();

  await using again = await open({ db });
  const replies = await Promise.all(
    ['a', 'b'].map((key) => apiOf(again.url, key).get('/v1/campaigns')),
  );
  expect(replies.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
    200, 503,
  ]);
  const damaged = apiOf(again.url, replies[0]!.status === 503 ? 'a' : 'b');
  const healthy = apiOf(again.url, replies[0]!.status === 503 ? 'b' : 'a');
  const { error } = await damaged.get('/v1/campaigns');
  expect(error.code).toBe('CAMPAIGNS_UNREADABLE');
  expect(error.message).toContain('POST /_sandbox/reset');
  // Everything else of it works.
  await damaged.trigger();
  expect(await damaged.advance({ until: 'settled' })).toMatchObject({ attempts: 1 });
  await healthy.advance({ until: 'settled' });
  expect((await healthy.get('/v1/campaigns')).data).toMatchObject([{ status: 'completed' }]);
  expect((await damaged.send('POST', '/_sandbox/reset')).status).toBe(200);
  expect(await damaged.get('/v1/campaigns')).toMatchObject({ status: 200, data: [] });
  await startCampaign(damaged, leads(1));
});
