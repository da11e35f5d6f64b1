/**
 * Kills the sandbox while it serves requests with an `Idempotency-Key`: none takes effect twice when it is repeated after the
 * restart.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../src/domain/random.ts';
import { apiOf, SECRET, type Api } from '../support/api.ts';
import { createCampaign, settings } from '../support/campaign.ts';
import { freePort } from '../support/receiver.ts';
import { startServe } from './serve-process.ts';

const ROUNDS = 8;
const random = seededRandom(20_260_407);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendemall-idempotency-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Request {
  readonly key: string;
  readonly path: string;
  readonly body: object;
}

interface Prepared {
  /** A campaign that gets leads. */
  readonly campaign: string;
  /** A webhook for each secret that is rotated. */
  readonly webhooks: readonly string[];
}

const prepare = async (api: Api): Promise<Prepared> => ({
  campaign: await createCampaign(api, [], { name: 'prepared' }),
  webhooks: await Promise.all(
    Array.from({ length: 10 }, () => api.register('http://127.0.0.1:9/prepared')),
  ),
});

const secretOf = (key: string): string => `whsec_rotated-by-${key}`;

/** Requests of every endpoint that honours the header. What each creates or changes carries the request's key. */
const requestsOf = (round: number, { campaign, webhooks }: Prepared): Request[] =>
  Array.from({ length: 40 }, (_, index): Request => {
    const key = `key-${round}-${index}`;
    switch (index % 4) {
      case 0: {
        const body = { url: `http://127.0.0.1:9/${key}`, events: ['*'], secret: SECRET };
        return { key, path: '/v1/webhooks', body };
      }
      case 1:
        return { key, path: '/v1/campaigns', body: settings({ name: key }) };
      case 2: {
        const body = { leads: [{ email: `${key}@acme.example` }] };
        return { key, path: `/v1/campaigns/${campaign}/leads`, body };
      }
      default: {
        const webhook = webhooks[Math.floor(index / 4)];
        return {
          key,
          path: `/v1/webhooks/${webhook}/rotate-secret`,
          body: { secret: secretOf(key) },
        };
      }
    }
  });

/** The keys that have created something, each as often as it did. */
const keysIn = async (api: Api, { campaign }: Prepared): Promise<string[]> => {
  const webhooks = (await api.get<{ url: string }[]>('/v1/webhooks')).data;
  const campaigns = (await api.get<{ name: string }[]>('/v1/campaigns?limit=100')).data;
  const path = `/v1/campaigns/${campaign}/leads?limit=100`;
  const leads = (await api.get<{ email: string }[]>(path)).data;
  return [
    ...webhooks.map(({ url }) => url.split('/').at(-1)!),
    ...campaigns.map(({ name }) => name),
    ...leads.map(({ email }) => email.split('@')[0]!),
  ].filter((name) => name !== 'prepared');
};

/** Secrets by webhook, which only a snapshot shows. */
const secretsIn = async (api: Api): Promise<Map<string, string>> => {
  const { tables } = (await api.get('/_sandbox/snapshot')).data;
  return new Map(tables.webhook.map(({ id, secret }: Record<string, string>) => [id, secret]));
};

const sorted = (keys: readonly string[]): string[] => keys.toSorted((a, b) => a.localeCompare(b));

const NEXT_SECRET = 'whsec_rotated-once-more';

/** Rotates each secret whose rotation has taken effect once more. @returns the webhooks */
const rotateAgain = async (api: Api, { webhooks }: Prepared): Promise<string[]> => {
  const secrets = await secretsIn(api);
  const rotated = webhooks.filter((id) => secrets.get(id) !== SECRET);
  for (const id of rotated) {
    const path = `/v1/webhooks/${id}/rotate-secret`;
    expect((await api.send('POST', path, { secret: NEXT_SECRET })).status).toBe(200);
  }
  return rotated;
};

test(`no request takes effect twice in ${ROUNDS} kills`, { timeout: 240_000 }, async () => {
  const port = await freePort();
  const args = ['--db', join(folder, 'state.db'), '--clock', 'frozen', '--no-rate-limit'];
  let unanswered = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const api = apiOf(`http://127.0.0.1:${port}`, `round-${round}`);
    const send = ({ key, path, body }: Request) =>
      api.send('POST', path, body, { 'idempotency-key': key });
    const answers = new Map<string, unknown>();
    let prepared: Prepared;
    let requests: readonly Request[];
    {
      await using child = await startServe(port, ...args);
      prepared = await prepare(api);
      requests = requestsOf(round, prepared);
      const sent = requests.map((request) =>
        send(request).then(
          ({ status, data }) => {
            expect(status).toBeLessThan(300);
            answers.set(request.key, data);
          },
          () => undefined,
        ),
      );
      // The kill comes when some have been answered, and others have not.
      const wanted = 1 + Math.floor(random() * 30);
      while (answers.size < wanted) await Promise.race(sent.splice(0, 1));
      await child.end('SIGKILL');
      await Promise.all(sent);
    }
    unanswered += requests.length - answers.size;
    await using child = await startServe(port, ...args);
    const rotated = await rotateAgain(api, prepared);
    for (const request of requests) {
      const { status, data } = await send(request);
      expect(status).toBeLessThan(300);
      if (answers.has(request.key)) expect(data).toEqual(answers.get(request.key));
    }
    const creating = requests.filter(({ path }) => !path.endsWith('/rotate-secret'));
    expect(sorted(await keysIn(api, prepared))).toEqual(sorted(creating.map(({ key }) => key)));
    // A repeated rotation does not undo a later one.
    const secrets = await secretsIn(api);
    expect(rotated.filter((id) => secrets.get(id) !== NEXT_SECRET)).toEqual([]);
    await child.end('SIGTERM');
  }
  expect(unanswered).toBeGreaterThan(0);
});
