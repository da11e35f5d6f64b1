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
import { apiOf, SECRET } from '../support/api.ts';
import { settings } from '../support/campaign.ts';
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

/** Each request creates something that carries the request's key. */
const requestsOf = (round: number): Request[] =>
  Array.from({ length: 40 }, (_, index) => {
    const key = `key-${round}-${index}`;
    const webhook = { url: `http://127.0.0.1:9/${key}`, events: ['*'], secret: SECRET };
    return index % 2 === 0
      ? { key, path: '/v1/webhooks', body: webhook }
      : { key, path: '/v1/campaigns', body: settings({ name: key }) };
  });

test(`no request takes effect twice in ${ROUNDS} kills`, { timeout: 240_000 }, async () => {
  const port = await freePort();
  const args = ['--db', join(folder, 'state.db'), '--clock', 'frozen', '--no-rate-limit'];
  let unanswered = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const api = apiOf(`http://127.0.0.1:${port}`, `round-${round}`);
    const requests = requestsOf(round);
    const send = ({ key, path, body }: Request) =>
      api.send('POST', path, body, { 'idempotency-key': key });
    const answers = new Map<string, unknown>();
    {
      await using child = await startServe(port, ...args);
      const sent = requests.map((request) =>
        send(request).then(
          ({ status, data }) => {
            expect(status).toBe(201);
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
    for (const request of requests) {
      const { status, data } = await send(request);
      expect(status).toBe(201);
      if (answers.has(request.key)) expect(data).toEqual(answers.get(request.key));
    }
    const webhooks = (await api.get<{ url: string }[]>('/v1/webhooks')).data;
    const campaigns = (await api.get<{ name: string }[]>('/v1/campaigns?limit=100')).data;
    const made = [
      ...webhooks.map(({ url }) => url.split('/').at(-1)!),
      ...campaigns.map(({ name }) => name),
    ];
    expect(made.toSorted((a, b) => a.localeCompare(b))).toEqual(
      requests.map(({ key }) => key).toSorted((a, b) => a.localeCompare(b)),
    );
    await child.end('SIGTERM');
  }
  expect(unanswered).toBeGreaterThan(0);
});
