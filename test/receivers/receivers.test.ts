/**
 * Receivers as people write them, from the registry: they take what the sandbox sends, and refuse forgeries.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../../schemas/contract.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, SECRET, type Api } from '../support/api.ts';
import * as expressSample from './express.ts';
import * as fastify from './fastify.ts';
import * as flask from './flask.ts';
import * as hono from './hono.ts';
import * as nodeHttp from './node-http.ts';
import * as octokit from './octokit.ts';
import type { RunningReceiver } from './receiver.ts';

const noFlask = flask.missing();

interface Stack {
  readonly name: string;
  readonly start: (secret: string) => Promise<RunningReceiver>;
  /** Its answer to a forgery. */
  readonly forged: number;
  /** Its answer to an event without a signature. */
  readonly unsigned: number;
  readonly skipped?: string | null;
}

const STACKS: readonly Stack[] = [
  { name: 'node:http', start: nodeHttp.start, forged: 401, unsigned: 401 },
  // The guide's trap: its comparison throws when the signature is missing.
  { name: 'Express, the guide’s sample', start: expressSample.start, forged: 401, unsigned: 500 },
  { name: 'Fastify', start: fastify.start, forged: 401, unsigned: 401 },
  { name: 'Hono', start: hono.start, forged: 401, unsigned: 401 },
  { name: '@octokit/webhooks', start: octokit.start, forged: 400, unsigned: 400 },
  {
    name: 'Flask, the guide’s sample',
    start: flask.start,
    forged: 401,
    unsigned: 401,
    skipped: noFlask,
  },
];

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen' });
});
afterAll(() => mock.close());

if (noFlask !== null) console.log(`Flask's tests are skipped: ${noFlask}`);

describe.each(STACKS)('$name', ({ name, start, forged, unsigned, skipped = null }) => {
  const withReceiver = async (
    title: string,
    work: (receiver: RunningReceiver, api: Api) => Promise<void>,
  ) => {
    await using receiver = await start(SECRET);
    const api = apiOf(mock.url, `${name}: ${title}`.replace(/[^ -~]/g, ''));
    await api.register(receiver.url);
    await work(receiver, api);
  };

  test.skipIf(skipped !== null)('takes all eight events, each at the first attempt', () =>
    withReceiver('events', async (receiver, api) => {
      const sent: string[] = [];
      for (const event of EVENT_TYPES) {
        const delivery = await api.settled(await api.trigger(event));
        expect(delivery).toMatchObject({ status: 'delivered', attempts_made: 1, event });
        sent.push(delivery.event_id);
      }
      expect(await receiver.processed()).toEqual(sent);
    }),
  );

  test.skipIf(skipped !== null)('refuses a forgery and an unsigned event, and goes on', () =>
    withReceiver('forgery', async (receiver, api) => {
      const first = await api.trigger();
      await api.settled(first);
      for (const [signature, status] of [
        ['wrong', forged],
        ['missing', unsigned],
      ] as const) {
        const { data } = await api.send('POST', `/_sandbox/deliveries/${first}/redeliver`, {
          signature,
        });
        await api.advance({ by: 0 });
        const { attempts } = await api.delivery(data.id);
        expect(attempts.map(({ response }) => response?.status)).toEqual([status]);
      }
      const last = await api.trigger();
      expect((await api.settled(last)).status).toBe('delivered');
      expect(await receiver.processed()).toHaveLength(2);
    }),
  );

  test.skipIf(skipped !== null)('takes the same event again', () =>
    withReceiver('again', async (_receiver, api) => {
      const first = await api.trigger();
      await api.settled(first);
      const { data } = await api.send('POST', `/_sandbox/deliveries/${first}/redeliver`, {});
      expect((await api.settled(data.id)).status).toBe('delivered');
    }),
  );
});
