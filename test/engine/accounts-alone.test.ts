/**
 * Random commands to several accounts at once: each account must end up as if it had been alone in its sandbox.
 *
 * The oracle is the product itself: the same commands of one account are run once more in a fresh sandbox without the
 * others. `ISOLATION_RUNS=500 npx vitest run --config test/vitest.config.ts test/engine/accounts-alone.test.ts` runs
 * more than the sample, `ISOLATION_SEED` others.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, SECRET, type Api } from '../support/api.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

const RUNS = Number(process.env['ISOLATION_RUNS'] ?? 4);
const SEED = Number(process.env['ISOLATION_SEED'] ?? 20_260_406);
const KEYS = ['first', 'second', 'third'] as const;

// TODO: campaigns are left out until a restore of a snapshot that holds one, and a reset beside a running one, are sound.
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('trigger'), n: fc.integer({ min: 1, max: 30 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('advance'), n: fc.integer({ min: 1, max: 400 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('register'), n: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete'), n: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fault'), n: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reset'), n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('save'), n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore'), n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('settle'), n: fc.constant(0) }) },
);
interface Command {
  readonly do: string;
  readonly n: number;
}
/** Between two rounds a sandbox with a file is closed at once and opened again. */
const rounds = fc.array(
  fc.tuple(...KEYS.map(() => fc.array(command, { minLength: 4, maxLength: 10, size: 'max' }))),
  { minLength: 1, maxLength: 2 },
);

const FAULTS = ['lost_acknowledgement', 'delay', 'duplicate'] as const;

let folder: string;
let receiver: Receiver;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendemall-alone-'));
  // What it answers depends on the event alone.
  receiver = await startReceiver(({ body }, response) => {
    const { id } = JSON.parse(body) as { id: string };
    response.writeHead(id.charCodeAt(id.length - 1) % 3 === 0 ? 500 : 200).end();
  });
});
afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** What is in flight is a matter of chance: this waits until nothing is. */
const rest = (api: Api): Promise<unknown> => api.advance({ by: '1s' });

/** Runs one command. @returns its status, and what it gave that must be the same */
const apply = async (api: Api, { do: what, n }: Command, saved: Map<Api, unknown>) => {
  const send = (method: string, path: string, body?: unknown) => api.send(method, path, body);
  switch (what) {
    case 'trigger':
      return (await send('POST', '/_sandbox/events', { event: 'email.sent', count: n })).status;
    case 'advance':
      return (await api.advance({ by: `${n}s` })).to;
    case 'register':
      return (
        await send('POST', '/v1/webhooks', {
          url: `${receiver.url}/${n}`,
          events: ['*'],
          secret: SECRET,
        })
      ).status;
    case 'delete': {
      await rest(api);
      const { data } = await api.get<{ id: string }[]>('/v1/webhooks');
      const hook = data[n % Math.max(1, data.length)];
      return (await send('DELETE', `/v1/webhooks/${hook?.id ?? 'whk_none'}`)).status;
    }
    case 'fault':
      return (await send('POST', '/_sandbox/faults', { fault: FAULTS[n], probability: 0.5 }))
        .status;
    case 'reset':
      return (await send('POST', '/_sandbox/reset')).status;
    case 'save':
      await rest(api);
      saved.set(api, (await api.get('/_sandbox/snapshot')).data);
      return 'saved';
    case 'restore':
      return saved.has(api)
        ? (await send('PUT', '/_sandbox/snapshot', saved.get(api))).status
        : null;
    default:
      await api.advance({ until: 'settled' });
      return 'settled';
  }
};

/** All that the account shows, without the internal numbers in delivery ids. */
const observe = async (api: Api): Promise<unknown> => {
  await api.advance({ until: 'settled' });
  const { data: clock } = await api.get('/_sandbox/clock');
  const { data: webhooks } = await api.get('/v1/webhooks');
  const deliveries: unknown[] = [];
  let cursor: string | null | undefined = '';
  while (cursor !== null && cursor !== undefined) {
    const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page = await api.get<Record<string, unknown>[]>(`/_sandbox/deliveries?limit=100${more}`);
    for (const { id: _id, redelivery_of: of, ...shown } of page.data)
      deliveries.push({ ...shown, repeated: of !== null });
    cursor = page.meta.next_cursor;
  }
  return { clock, webhooks, deliveries };
};

/** Runs the commands of some accounts side by side, each account's own one after the other. */
const play = async (
  script: readonly (readonly (readonly Command[])[])[],
  keys: readonly number[],
  db: string | null,
): Promise<Map<number, unknown>> => {
  const open = (): Promise<Mock> =>
    createMock({
      db,
      seed: 7,
      clock: 'frozen',
      clockStart: '2026-04-06T12:00:00Z',
      rateLimit: false,
    });
  const seen = new Map<number, unknown[]>(keys.map((key) => [key, []]));
  const shown = new Map<number, unknown>();
  let mock = await open();
  try {
    for (const [round, commands] of script.entries()) {
      if (round > 0 && db !== null) {
        await mock.close(0);
        mock = await open();
      }
      const { url } = mock;
      await Promise.all(
        keys.map(async (key) => {
          const api = apiOf(url, KEYS[key]);
          const saved = new Map<Api, unknown>();
          for (const one of commands[key] ?? []) seen.get(key)?.push(await apply(api, one, saved));
          await rest(api);
        }),
      );
    }
    for (const key of keys)
      shown.set(key, { seen: seen.get(key), state: await observe(apiOf(mock.url, KEYS[key])) });
  } finally {
    await mock.close(0);
  }
  return shown;
};

test.each(['memory', 'file'])(
  'every account is as if it were alone (state in a %s)',
  { timeout: 120_000 + RUNS * 10_000 },
  async (where) => {
    let files = 0;
    const db = (): string | null =>
      where === 'memory' ? null : join(folder, `${(files += 1)}.db`);
    await fc.assert(
      fc.asyncProperty(rounds, async (script) => {
        const together = await play(script, [0, 1, 2], db());
        for (const key of KEYS.keys()) {
          const alone = await play(script, [key], db());
          expect(together.get(key)).toEqual(alone.get(key));
        }
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: RUNS <= 10 },
    );
  },
);
