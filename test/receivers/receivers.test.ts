/**
 * Receivers as people write them, from the registry: they take what the sandbox sends, and refuse forgeries.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../../schemas/contract.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, SECRET, type Api } from '../support/api.ts';
import type { RunningReceiver } from './receiver.ts';
import { REFERENCES } from './reference/all.ts';
import * as expressSample from './samples/express.ts';
import * as flaskSample from './samples/flask.ts';
import { eventually } from '../support/eventually.ts';

interface Stack {
  readonly name: string;
  readonly start: (secret: string) => Promise<RunningReceiver>;
  /** Its answer to a forgery. */
  readonly forged: number;
  /** Its answer to an event without a signature. */
  readonly unsigned: number;
  readonly missing: () => string | null;
  /** Effects of an event that comes twice: the guide's samples have no memory. */
  readonly effectsOfTwo: number;
}

const STACKS: readonly Stack[] = [
  // Without the one that is slow on purpose.
  ...REFERENCES.filter(({ only }) => only === undefined).map((one) => ({
    ...one,
    unsigned: one.forged,
    effectsOfTwo: 1,
  })),
  {
    name: 'Express, the guide’s sample',
    start: expressSample.start,
    forged: 401,
    // The guide's trap: its comparison throws when the signature is missing.
    unsigned: 500,
    missing: () => null,
    effectsOfTwo: 2,
  },
  {
    name: 'Flask, the guide’s sample',
    start: flaskSample.start,
    forged: 401,
    unsigned: 401,
    missing: flaskSample.missing,
    effectsOfTwo: 2,
  },
];

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen', rateLimit: false });
});
afterAll(() => mock.close());

describe.each(STACKS)('$name', ({ name, start, forged, unsigned, missing, effectsOfTwo }) => {
  const lack = missing();
  if (lack !== null) console.log(`${name} is skipped: ${lack}`);

  const withReceiver = async (
    title: string,
    work: (receiver: RunningReceiver, api: Api) => Promise<void>,
  ) => {
    await using receiver = await start(SECRET);
    const api = apiOf(mock.url, `${name}: ${title}`.replace(/[^ -~]/g, ''));
    await api.register(receiver.url);
    await work(receiver, api);
  };

  /** What it has processed, once that is at least so much: some work later than they answer. */
  const processed = async (receiver: RunningReceiver, least: number) => {
    await eventually(async () =>
      expect((await receiver.processed()).length).toBeGreaterThanOrEqual(least),
    );
    return receiver.processed();
  };

  test.skipIf(lack !== null)('takes all eight events, each at the first attempt', () =>
    withReceiver('events', async (receiver, api) => {
      const ids = await Promise.all(EVENT_TYPES.map((event) => api.trigger(event)));
      const deliveries = await Promise.all(ids.map((id) => api.settled(id)));
      for (const delivery of deliveries) {
        expect(delivery).toMatchObject({ status: 'delivered', attempts_made: 1 });
      }
      const sent = deliveries.map(({ event_id: id }) => id);
      expect((await processed(receiver, 8)).toSorted()).toEqual(sent.toSorted());
    }),
  );

  test.skipIf(lack !== null)('refuses a forgery and an unsigned event, and goes on', () =>
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
      expect(await processed(receiver, 2)).toHaveLength(2);
    }),
  );

  test.skipIf(lack !== null)('takes the same event again', () =>
    withReceiver('again', async (receiver, api) => {
      const first = await api.trigger();
      await api.settled(first);
      const { data } = await api.send('POST', `/_sandbox/deliveries/${first}/redeliver`, {});
      expect((await api.settled(data.id)).status).toBe('delivered');
      // What comes after both shows that both are through.
      const last = await api.settled(await api.trigger());
      await eventually(async () => expect(await receiver.processed()).toContain(last.event_id));
      expect(await receiver.processed()).toHaveLength(effectsOfTwo + 1);
    }),
  );
});
