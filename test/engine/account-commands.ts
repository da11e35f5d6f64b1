/**
 * Random commands to one account, and all that the account shows after them.
 *
 * @module
 */
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { SECRET, type Api } from '../support/api.ts';
import { leads, sequence, startCampaign } from '../support/campaign.ts';

export interface Command {
  readonly do: string;
  readonly n: number;
}

const weighted = (weight: number, name: string, n: fc.Arbitrary<number>) => ({
  weight,
  arbitrary: fc.record({ do: fc.constant(name), n }),
});

const none = fc.constant(0);
export const command: fc.Arbitrary<Command> = fc.oneof(
  weighted(6, 'trigger', fc.integer({ min: 1, max: 30 })),
  weighted(3, 'advance', fc.integer({ min: 1, max: 400 })),
  weighted(3, 'register', fc.nat(3)),
  weighted(1, 'delete', fc.nat(3)),
  weighted(1, 'delete in flight', fc.nat(3)),
  weighted(1, 'fault', fc.nat(2)),
  weighted(2, 'campaign', fc.nat(2)),
  weighted(1, 'pause', fc.nat(2)),
  weighted(1, 'resume', fc.nat(2)),
  weighted(1, 'delete campaign', fc.nat(2)),
  weighted(2, 'reset', none),
  weighted(1, 'save', none),
  weighted(1, 'restore', none),
  weighted(1, 'skip', none),
  weighted(1, 'settle', none),
);

const FAULTS = ['lost_acknowledgement', 'delay', 'duplicate'] as const;

/** One account while commands are played. */
export interface Player {
  readonly api: Api;
  /** The last snapshot. */
  saved: unknown;
  /** Webhooks that were deleted while attempts were in flight: what became of those is a matter of chance. */
  readonly uncertain: Set<string>;
}

/** What is in flight is a matter of chance: this waits until nothing is. */
export const rest = ({ api }: Player): Promise<unknown> => api.advance({ by: '1s' });

const nth = async (api: Api, path: string, n: number): Promise<string> => {
  const { data } = await api.get<{ id: string }[]>(path);
  return `${path}/${data[n % Math.max(1, data.length)]?.id ?? 'none'}`;
};

/** Lets the clock skip until nothing is due, and stops it there. */
const skip = async (api: Api): Promise<string> => {
  await api.send('PUT', '/_sandbox/clock', { mode: 'skip' });
  for (;;) {
    const { next_due_at, in_flight, pending } = (await api.get('/_sandbox/clock')).data;
    if (next_due_at === null && in_flight === 0 && pending === 0) break;
    await sleep(5);
  }
  const { data } = await api.send('PUT', '/_sandbox/clock', { mode: 'frozen' });
  return data.now;
};

const campaign = async (api: Api, n: number): Promise<string> =>
  startCampaign(api, leads(1 + n, 10 * n), { sequences: sequence(0, 2) });

const restore = async (player: Player): Promise<number | null> => {
  if (player.saved === null) return null;
  const { status } = await player.api.send('PUT', '/_sandbox/snapshot', player.saved);
  player.uncertain.clear();
  return status;
};

const save = async (player: Player): Promise<string> => {
  // Ids that are made after a restore depend on the number of rows.
  if (player.uncertain.size > 0) return 'uncertain';
  await rest(player);
  player.saved = (await player.api.get('/_sandbox/snapshot')).data;
  return 'saved';
};

/** Runs one command. @returns what it gave that must be the same */
export const apply = async (
  player: Player,
  url: string,
  { do: what, n }: Command,
): Promise<unknown> => {
  const { api, uncertain } = player;
  const send = async (method: string, path: string, body?: unknown): Promise<number> =>
    (await api.send(method, path, body)).status;
  switch (what) {
    case 'trigger':
      return send('POST', '/_sandbox/events', { event: 'email.sent', count: n });
    case 'advance':
      return (await api.advance({ by: `${n}s` })).to;
    case 'register':
      return send('POST', '/v1/webhooks', { url: `${url}/${n}`, events: ['*'], secret: SECRET });
    case 'delete':
      await rest(player);
      return send('DELETE', await nth(api, '/v1/webhooks', n));
    case 'delete in flight': {
      const path = await nth(api, '/v1/webhooks', n);
      uncertain.add(path.slice(path.lastIndexOf('/') + 1));
      return send('DELETE', path);
    }
    case 'fault':
      return send('POST', '/_sandbox/faults', { fault: FAULTS[n], probability: 0.5 });
    case 'campaign':
      return campaign(api, n);
    case 'pause':
    case 'resume':
      return send('POST', `${await nth(api, '/v1/campaigns', n)}/${what}`);
    case 'delete campaign':
      return send('DELETE', await nth(api, '/v1/campaigns', n));
    case 'reset':
      uncertain.clear();
      return send('POST', '/_sandbox/reset');
    case 'save':
      return save(player);
    case 'restore':
      return restore(player);
    case 'skip':
      return skip(api);
    default:
      await api.advance({ until: 'settled' });
      return 'settled';
  }
};

const readAll = async (api: Api, path: string): Promise<Record<string, unknown>[]> => {
  const rows: Record<string, unknown>[] = [];
  let more: string | null | undefined = '';
  while (more !== null && more !== undefined) {
    const page: Awaited<ReturnType<typeof api.get<Record<string, unknown>[]>>> = await api.get(
      `${path}?limit=100${more}`,
    );
    rows.push(...page.data);
    const { next_cursor } = page.meta;
    more = typeof next_cursor === 'string' ? `&cursor=${next_cursor}` : null;
  }
  return rows;
};

/** All that the account shows, without the internal numbers in delivery ids and without what is a matter of chance. */
export const observe = async ({ api, uncertain }: Player): Promise<unknown> => {
  await api.advance({ until: 'settled' });
  const deliveries = (await readAll(api, '/_sandbox/deliveries'))
    .filter(({ webhook_id }) => !uncertain.has(String(webhook_id)))
    .map(({ id: _id, redelivery_of, ...shown }) => ({
      ...shown,
      repeated: redelivery_of !== null,
    }));
  // Concurrent repeats arrive in any order.
  const sorted = deliveries
    .map((shown) => ({ shown, text: JSON.stringify(shown) }))
    .toSorted((one, other) => (one.text < other.text ? -1 : 1))
    .map(({ shown }) => shown);
  return {
    clock: (await api.get('/_sandbox/clock')).data,
    webhooks: (await api.get('/v1/webhooks')).data,
    campaigns: (await api.get('/v1/campaigns')).data,
    events: await readAll(api, '/_sandbox/events'),
    deliveries: sorted,
  };
};
