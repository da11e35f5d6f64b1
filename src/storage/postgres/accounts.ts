/**
 * Accounts.
 *
 * @module
 */
import { toAccount } from '../rows/account-row.ts';
import type { Account } from '../../domain/account.ts';
import type { AccountKey } from '../../domain/delivery.ts';
import { ROW_NUMBERS } from '../../domain/delivery-id.ts';
import { LeaseLost } from '../../domain/lease-lost.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { AccountStore } from '../store.ts';
import { hold, type Context } from './context.ts';
import { SOLE_OWNER } from '../../postgres/fence.ts';
import type { Parts } from './parts.ts';
import { reopen, type AccountRow } from './reopen.ts';
import {
  all,
  BEGIN,
  COMMIT,
  first,
  ROLLBACK,
  run,
  statement,
  type Session,
} from '../../postgres/session.ts';

/** Keys of accounts begin at 1. */
const NO_ACCOUNT = 0;

/** Keys of rows, which contain that of their account, must be safe integers. */
const MAX_ACCOUNT = Math.floor(Number.MAX_SAFE_INTEGER / ROW_NUMBERS) - 1;

const KEY_OF = statement('SELECT account FROM account_lease WHERE key_hash = $1');
const NEW_KEY = statement('INSERT INTO account_lease (key_hash) VALUES ($1) RETURNING account');
const NEW_PART = statement('INSERT INTO part (account) VALUES ($1) RETURNING part');
const INSERT = statement(
  `INSERT INTO account (key, key_hash, part, seed, opens, clock_mode, clock_rate, clock_virtual, clock_wall)
   VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8) RETURNING *`,
);
const SAVE_CLOCK = statement(
  'UPDATE account SET clock_mode = $2, clock_rate = $3, clock_virtual = $4, clock_wall = $5 WHERE key = $1',
);
const SEED = statement('SELECT seed FROM account WHERE key = $1');
const COUNT_WEBHOOKS = statement(
  'SELECT count(*) AS n FROM webhook WHERE part = $1 AND deleted_at IS NULL',
);
const WITH_WORK = statement(
  `SELECT a.key, a.key_hash AS hash FROM account a JOIN part p ON p.part = a.part
   WHERE p.pending > 0 OR EXISTS (SELECT 1 FROM command c WHERE c.part = a.part) ORDER BY a.key`,
);

/**
 * Cancels pending deliveries of deleted webhooks, which were in flight, or not cancelled yet, when their owner died, and
 * counts them.
 */
const CANCEL_ORPHANS = statement(
  `WITH cancelled AS (
     UPDATE delivery d SET status = ${STATUS_CODES.cancelled}, due_at = NULL, settled_at = w.deleted_at
     FROM webhook w WHERE w.part = $1 AND w.deleted_at IS NOT NULL AND d.webhook = w.key
       AND d.status = ${STATUS_CODES.pending} RETURNING 1
   ), counted AS (SELECT count(*) AS n FROM cancelled)
   UPDATE part SET pending = pending - n, cancelled = cancelled + n FROM counted WHERE part = $1 AND n > 0`,
);

/** The key of an account, which its lease assigns. */
const keyOf = async (session: Session, { fence }: Context, hash: string): Promise<AccountKey> => {
  const known = await first<{ account: number }>(session, KEY_OF, [hash]);
  if (known !== undefined) return known.account;
  if (fence !== SOLE_OWNER) throw new LeaseLost(NO_ACCOUNT);
  const made = await first<{ account: number }>(session, NEW_KEY, [hash]);
  const account = made?.account ?? 0;
  if (account > MAX_ACCOUNT) throw new Error(`The database has no room for account ${account}.`);
  return account;
};

const insertAccount = async (
  session: Session,
  key: AccountKey,
  hash: string,
  { seed, clock }: Pick<Account, 'seed' | 'clock'>,
): Promise<AccountRow | undefined> => {
  const { mode, rate, anchorVirtual, anchorWall } = clock;
  const part = await first<{ part: number }>(session, NEW_PART, [key]);
  const values = [key, hash, part?.part, seed, mode, rate, anchorVirtual, anchorWall];
  return first<AccountRow>(session, INSERT, values);
};

/** Creates an account, in a transaction. */
const create = async (
  session: Session,
  context: Context,
  key: AccountKey,
  epoch: number,
  [hash, initial]: readonly [hash: string, initial: Pick<Account, 'seed' | 'clock'>],
): Promise<Account> => {
  await run(session, BEGIN, []);
  try {
    await hold(session, context, key, epoch);
    const row = await insertAccount(session, key, hash, initial);
    if (row === undefined) throw new Error(`Account ${key} cannot be created.`);
    await run(session, COMMIT, []);
    context.states.drop(key);
    await context.states.load(session, key);
    return toAccount(key, row);
  } catch (error) {
    await run(session, ROLLBACK, []).catch(() => undefined);
    throw error;
  }
};

const createOpen =
  (context: Context, parts: Parts): AccountStore['openAccount'] =>
  (hash, initial) =>
    context.writer.run(async (session) => {
      const { fence, states } = context;
      const key = await keyOf(session, context, hash);
      const epoch = fence.epochOf(key);
      if (epoch === null) throw new LeaseLost(key);
      const isOpen = states.peek(key) !== undefined;
      const row = await reopen(session, context, key, epoch);
      if (row === null) return create(session, context, key, epoch, [hash, initial]);
      if (!isOpen) parts.discardOthers(key);
      return toAccount(key, row);
    });

type AccountPart = Pick<
  AccountStore,
  'openAccount' | 'seed' | 'accountsWithWork' | 'saveClock' | 'counts'
>;

export const createAccounts = (context: Context, parts: Parts): AccountPart => {
  const { reader, fence, view, change, states } = context;
  return {
    openAccount: createOpen(context, parts),
    seed: async (account) => {
      const row = await first<{ seed: number }>(reader, SEED, [account]);
      if (row === undefined) throw new Error(`Unknown account key ${account}.`);
      return row.seed;
    },
    accountsWithWork: async () =>
      (await all<{ key: AccountKey; hash: string }>(reader, WITH_WORK, []))
        .filter(({ key }) => fence.epochOf(key) !== null)
        .map(({ hash }) => hash),
    saveClock: (account, { mode, rate, anchorVirtual, anchorWall }) =>
      change(account, async ({ session }) => {
        await run(session, SAVE_CLOCK, [account, mode, rate, anchorVirtual, anchorWall]);
      }),
    counts: async (account) => {
      const { part } = await view(account);
      const row = await first<{ n: number }>(reader, COUNT_WEBHOOKS, [part]);
      const state = states.peek(account);
      if (state === undefined) throw new LeaseLost(account);
      const { events, ...deliveries } = state.tally;
      const claimed = state.flights.all.size;
      return {
        webhooks: row?.n ?? 0,
        events,
        deliveries: { ...deliveries, pending: deliveries.pending - claimed, in_flight: claimed },
      };
    },
  };
};

const CANCEL_ALL_ORPHANS = statement(
  `WITH cancelled AS (
     UPDATE delivery d SET status = ${STATUS_CODES.cancelled}, due_at = NULL, settled_at = w.deleted_at
     FROM webhook w WHERE w.deleted_at IS NOT NULL AND d.webhook = w.key
       AND d.status = ${STATUS_CODES.pending} RETURNING d.part
   ), counted AS (SELECT part, count(*) AS n FROM cancelled GROUP BY part)
   UPDATE part p SET pending = pending - n, cancelled = cancelled + n FROM counted c WHERE p.part = c.part`,
);

/**
 * Releases everything in flight. With a fence, only accounts that were opened here are recovered: others belong to other
 * nodes, or are recovered when they are opened.
 */
export const recoverAccounts = ({ writer, fence, states }: Context): Promise<number> =>
  writer.run(async (session) => {
    const known = states.clear();
    if (fence === SOLE_OWNER) await run(session, CANCEL_ALL_ORPHANS, []);
    else for (const { part } of known) await run(session, CANCEL_ORPHANS, [part]);
    return known.reduce((sum, { flights }) => sum + flights.all.size, 0);
  });
