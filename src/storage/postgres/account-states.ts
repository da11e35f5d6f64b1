/**
 * What is known in memory of each account that this process owns: where its rows are, its counts and next numbers, and
 * its deliveries in flight.
 *
 * Only this process writes to the account as long as its epoch stands, so memory and database agree. A state is dropped
 * with its lease, and loaded again if the account comes back. Code that changes a state does so after the commit, in the
 * same turn of the event loop.
 *
 * @module
 */
import type { AccountKey, DeliveryStatus, Millis, WebhookKey } from '../../domain/delivery.ts';
import { LeaseLost } from '../../domain/lease-lost.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { Fence } from '../../postgres/fence.ts';
import { all, first, statement, type Session } from '../../postgres/session.ts';

/** Number of events, and of deliveries by status. Deliveries in flight count as pending, as they do on disk. */
export type Tally = Record<Exclude<DeliveryStatus, 'in_flight'> | 'events', number>;

export const TALLY_COLUMNS = [
  'events',
  'pending',
  'delivered',
  'dead',
  'acknowledged',
  'cancelled',
] as const;

export const noRows = (): Tally => ({
  events: 0,
  pending: 0,
  delivered: 0,
  dead: 0,
  acknowledged: 0,
  cancelled: 0,
});

export const addTally = (tally: Tally, more: Partial<Tally>): void => {
  for (const column of TALLY_COLUMNS) tally[column] += more[column] ?? 0;
};

/** A delivery in flight. */
export interface Flight {
  readonly webhook: WebhookKey;
  /** Number of the attempt that is being made. */
  readonly attempt: number;
}

/** Deliveries in flight of one account, by their number within it. */
export interface Flights {
  readonly all: ReadonlyMap<number, Flight>;
  add(delivery: number, flight: Flight): void;
  remove(delivery: number): void;
  /** Numbers of the deliveries in flight to a webhook. */
  to(webhook: WebhookKey): ReadonlySet<number>;
  /** Notes that a webhook was deleted: its deliveries in flight never become pending again. */
  markWebhookDeleted(webhook: WebhookKey, at: Millis): void;
  /** When a webhook with deliveries in flight was deleted; null if it was not. */
  webhookDeletedAt(webhook: WebhookKey): Millis | null;
}

const NONE: ReadonlySet<number> = new Set();

export const createFlights = (): Flights => {
  const flights = new Map<number, Flight>();
  const byWebhook = new Map<WebhookKey, Set<number>>();
  const deleted = new Map<WebhookKey, Millis>();
  return {
    all: flights,
    add: (delivery, flight) => {
      flights.set(delivery, flight);
      const others = byWebhook.get(flight.webhook);
      if (others === undefined) byWebhook.set(flight.webhook, new Set([delivery]));
      else others.add(delivery);
    },
    remove: (delivery) => {
      const flight = flights.get(delivery);
      if (flight === undefined) return;
      flights.delete(delivery);
      const others = byWebhook.get(flight.webhook);
      others?.delete(delivery);
      if (others?.size !== 0) return;
      byWebhook.delete(flight.webhook);
      deleted.delete(flight.webhook);
    },
    to: (webhook) => byWebhook.get(webhook) ?? NONE,
    markWebhookDeleted: (webhook, at) => {
      if (byWebhook.has(webhook)) deleted.set(webhook, at);
    },
    webhookDeletedAt: (webhook) => deleted.get(webhook) ?? null,
  };
};

export interface AccountState {
  readonly account: AccountKey;
  readonly epoch: number;
  part: number;
  nextEvent: number;
  nextDelivery: number;
  tally: Tally;
  flights: Flights;
  /** True after a commit whose outcome is unknown: read again before the next use. */
  isStale: boolean;
}

export interface PartRow extends Tally {
  readonly part: number;
  readonly next_event: number;
  readonly next_delivery: number;
}

const PART_OF = statement(
  `SELECT p.part, p.next_event, p.next_delivery, ${TALLY_COLUMNS.map((column) => `p.${column}`).join(', ')}
   FROM account a JOIN part p ON p.part = a.part WHERE a.key = $1`,
);
const MADE = statement(
  'SELECT seq, attempts_made, status FROM delivery WHERE part = $1 AND seq = ANY ($2)',
);
const ACCOUNT_OF = statement(
  'SELECT p.account FROM webhook w JOIN part p ON p.part = w.part WHERE w.key = $1',
);

export interface AccountStates {
  /** The account's state, if it is loaded and this process still owns the account. */
  peek(account: AccountKey): AccountState | undefined;
  /**
   * Loads the account's state. To be called by the writer only.
   *
   * @throws {LeaseLost} if this process does not own the account
   */
  load(session: Session, account: AccountKey): Promise<AccountState>;
  /** Takes the state of an account that was just read under `epoch`, with nothing in flight. */
  adopt(account: AccountKey, epoch: number, row: PartRow): void;
  /** As {@link load}, for a webhook's account; null if there is no such webhook. */
  ofWebhook(session: Session, webhook: WebhookKey): Promise<AccountState | null>;
  /** Notes the account of a webhook, which saves a query. */
  noteWebhook(webhook: WebhookKey, account: AccountKey): void;
  /** Forgets an account. */
  drop(account: AccountKey): void;
  /** Forgets all accounts. @returns what was known of them */
  clear(): readonly AccountState[];
}

/** Removes the deliveries whose attempt was recorded by a commit that seemed to have failed. */
const stillFlying = async (session: Session, part: number, flights: Flights): Promise<Flights> => {
  const rows = await all<{ seq: number; attempts_made: number; status: number }>(session, MADE, [
    part,
    [...flights.all.keys()],
  ]);
  const made = new Map(rows.map((row) => [row.seq, row]));
  for (const [seq, { attempt }] of flights.all) {
    const row = made.get(seq);
    const isFlying = row?.status === STATUS_CODES.pending && row.attempts_made === attempt - 1;
    if (!isFlying) flights.remove(seq);
  }
  return flights;
};

const stateOf = (
  account: AccountKey,
  epoch: number,
  row: PartRow,
  flights: Flights,
): AccountState => {
  const { events, pending, delivered, dead, acknowledged, cancelled } = row;
  return {
    account,
    epoch,
    part: row.part,
    nextEvent: row.next_event,
    nextDelivery: row.next_delivery,
    tally: { events, pending, delivered, dead, acknowledged, cancelled },
    flights,
    isStale: false,
  };
};

export const createAccountStates = (fence: Fence): AccountStates => {
  const states = new Map<AccountKey, AccountState>();
  const accounts = new Map<WebhookKey, AccountKey>();
  const drop = (account: AccountKey): void => {
    states.delete(account);
    for (const [webhook, owner] of accounts) if (owner === account) accounts.delete(webhook);
  };
  const peek = (account: AccountKey): AccountState | undefined => {
    const state = states.get(account);
    if (state === undefined || state.epoch === fence.epochOf(account)) return state;
    drop(account);
    return undefined;
  };
  const load: AccountStates['load'] = async (session, account) => {
    const loaded = peek(account);
    if (loaded?.isStale === false) return loaded;
    const epoch = fence.epochOf(account);
    if (epoch === null) throw new LeaseLost(account);
    const row = await first<PartRow>(session, PART_OF, [account]);
    if (row === undefined) throw new Error(`Unknown account key ${account}.`);
    const { part } = row;
    const flights =
      loaded?.part === part ? await stillFlying(session, part, loaded.flights) : createFlights();
    const read = stateOf(account, epoch, row, flights);
    if (loaded !== undefined) return Object.assign(loaded, read);
    states.set(account, read);
    return read;
  };
  return {
    peek,
    load,
    adopt: (account, epoch, row) =>
      void states.set(account, stateOf(account, epoch, row, createFlights())),
    ofWebhook: async (session, webhook) => {
      const known = accounts.get(webhook);
      if (known !== undefined) return load(session, known);
      const [row] = await all<{ account: number }>(session, ACCOUNT_OF, [webhook]);
      if (row === undefined) return null;
      accounts.set(webhook, row.account);
      return load(session, row.account);
    },
    noteWebhook: (webhook, account) => void accounts.set(webhook, account),
    drop,
    clear: () => {
      const known = [...states.values()];
      states.clear();
      accounts.clear();
      return known;
    },
  };
};
