/**
 * Directory of accounts in PostgreSQL: leases, which say which node owns which account.
 *
 * **Tables.** `node` has a row for each living node, with the time at which it expires. `account_lease` has a row for each
 * account, with its node and its epoch. A lease is valid as long as the row of its node exists; so one statement renews all
 * leases of a node, and deleting one row ends them.
 *
 * **States of a lease**, as the database sees them:
 *
 * - *Free* (no row, or no node). Entered when an account is new, released, or its node stops. Left by a take.
 * - *Held* by a living node. Entered by a take, which increases the epoch. Left by a release, which increases it as well, or
 *   by the death of the node.
 * - *Orphaned*: its node's row is gone. Entered when a node is declared dead. Left by a take.
 *
 * A take is one statement that succeeds only for a free or orphaned lease, or one that this very node holds in the database
 * without knowing it. The database decides between nodes that try at the same time.
 *
 * **States of a lease in its node's memory:** *trusted* from its take until `start of the last renewal + TTL - margin` on
 * the monotonic clock; then *lost*: the account is closed without writing. Times of the database and of this machine are
 * never compared, so it does not matter whether clocks agree.
 *
 * **Death of a node.** Any node deletes the row of another one that has expired, or whose advisory lock is free. The lock
 * belongs to a connection that does nothing else; it ends within moments of the process, however that dies. A node that is
 * stopped (SIGSTOP) or cut off keeps its lock as long as the server believes in the connection, and dies by expiry.
 *
 * **Safety** depends on none of this, but on the fence alone (`postgres/fence.ts`): each write checks the epoch in its own
 * transaction. A node that wrongly believes that it owns an account can send an attempt twice, but not record it.
 *
 * **What happens on failure:**
 *
 * | failure | consequence |
 * |---|---|
 * | process killed, machine lost with its connections closed | lock free; declared dead within {@link WATCH_MS}; accounts with work are taken at once, others when asked for |
 * | process stopped, or a half-open network | declared dead at its expiry, at most {@link TTL_MS} later; when it wakes up, its leases are lost by its own clock or by the fence |
 * | renewal fails | tried again every {@link RETRY_MS}; the leases are trusted until their time is up, then lost; later the node joins under another id |
 * | row gone at a renewal | all leases are lost; the node joins under another id |
 * | connection with the lock lost | opened again at once; if another node was quicker, the row is gone: see above |
 * | server restarted | all locks are free for a moment: for {@link GRACE_MS}, a node that has just connected again goes by expiry, or by the lock of a node that has connected since (`free-locks.ts`) |
 * | response to a take lost | the next renewal gives up leases of this node that it does not know |
 * | fence refuses a write | that lease is lost |
 * | notification lost | polled every {@link POLL_MS} |
 *
 * @module
 */
import pg from 'pg';
import type { SystemClock } from '../clock/port.ts';
import type { AccountKey } from '../domain/delivery.ts';
import {
  clientConfig,
  sessionSettings,
  throwStoreError,
  type Connecting,
} from '../postgres/connect.ts';
import type { Fence } from '../postgres/fence.ts';
import { StoreClosed, StoreFailure } from '../domain/store-failure.ts';
import { DEFAULT_SCHEMA, parseLocation } from '../postgres/location.ts';
import { toStoreFailure } from '../postgres/result-codes.ts';
import { all, first, run } from '../postgres/session.ts';
import type { AccountDirectory, Owner } from './directory.ts';
import { createFreeLocks, type FreeLocks } from './free-locks.ts';
import { createHeldLeases } from './held-leases.ts';
import {
  BURY,
  IS_ALIVE,
  NOTIFY,
  OWNER,
  RELEASE,
  RELEASE_ALL,
  SET_LEAVING,
  SUCCESSOR,
  type LeaseRow,
} from './lease-statements.ts';
import { createMembership, type Membership } from './membership.ts';
import { createPresence } from './presence.ts';
import { createRememberedOwners } from './remembered-owners.ts';
import { repeat, type Repeated } from './repeat.ts';
import { createTakes, type Takes } from './takes.ts';

/** Real milliseconds. */
const TTL_MS = 10_000;
const MARGIN_MS = 1000;
const RENEW_MS = 3000;
const RETRY_MS = 500;
const WATCH_MS = 100;
/** Between two looks, however often an owner does not answer. */
const MIN_WATCH_MS = 20;
const POLL_MS = 5000;
const GRACE_MS = 1500;
const QUERY_TIMEOUT_MS = 2500;

/** An owner changes between two statements at most a few times. */
const MAX_TRIES = 5;

export interface DirectoryOptions {
  /** URL of the database, whose schema the store has created. */
  readonly url: string;
  /** URL at which other nodes reach this one. */
  readonly nodeUrl: string;
  readonly clock: SystemClock;
  /** Schema of the store. */
  readonly schema?: string;
  /** Lifetime of leases without a renewal. */
  readonly ttlMs?: number;
  /** Time that nodes get to connect again after the server was restarted. */
  readonly graceMs?: number;
}

/** A directory, and the fence for the store. */
export type FencedDirectory = AccountDirectory & { readonly fence: Fence };

const createPool = (connecting: Connecting): pg.Pool => {
  const pool = new pg.Pool({
    ...clientConfig(connecting),
    connectionTimeoutMillis: QUERY_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    max: 3,
    // A take-over must not wait for new connections, and for their plans.
    idleTimeoutMillis: 0,
    // The pool waits for the promise, whatever its types say.
    onConnect: (client): unknown => client.query(sessionSettings(connecting.schema)),
  });
  // The next query opens another connection.
  pool.on('error', () => undefined);
  return pool;
};

class Leases implements AccountDirectory {
  readonly fence: Fence;
  private readonly pool: pg.Pool;
  private readonly channel: string;
  private readonly clock: SystemClock;
  private readonly url: string;
  private readonly connecting: Connecting;
  private readonly leases;
  private readonly remembered;
  private readonly presence;
  private readonly membership: Membership;
  private readonly takes: Takes;
  private readonly freeLocks: FreeLocks;
  private readonly takenListeners = new Set<(keyHash: string) => Promise<void>>();
  private readonly changeListeners = new Set<() => void>();
  private readonly locating = new Map<string, Promise<Owner>>();
  private loops: readonly Repeated[] = [];
  private mode: 'new' | 'running' | 'leaving' | 'stopped' = 'new';
  private refusals = 0;
  private watchedAt = -Infinity;

  constructor(options: DirectoryOptions) {
    const { url, nodeUrl, clock, schema = DEFAULT_SCHEMA, ttlMs = TTL_MS } = options;
    this.freeLocks = createFreeLocks(clock, options.graceMs ?? GRACE_MS);
    this.connecting = { location: parseLocation(url), schema };
    this.channel = schema;
    this.clock = clock;
    this.url = nodeUrl;
    this.pool = createPool(this.connecting);
    this.remembered = createRememberedOwners(clock);
    this.leases = createHeldLeases(clock, () => this.membership.abandon());
    this.presence = createPresence({
      connecting: this.connecting,
      channel: this.channel,
      clock,
      onHint: (text) => this.hint(text),
      onEnd: () => this.reconnect(),
    });
    this.membership = createMembership({
      session: this.pool,
      clock,
      leases: this.leases,
      presence: this.presence,
      url: nodeUrl,
      ttlMs,
      marginMs: Math.min(MARGIN_MS, ttlMs / 5),
    });
    this.takes = createTakes(this.pool, this.membership, this.leases);
    this.fence = {
      epochOf: (account) => this.leases.epochOfAccount(account),
      lost: (account) => this.lost(account),
    };
  }

  get self(): { readonly node: string; readonly url: string } {
    return { node: this.membership.id, url: this.url };
  }

  holds(keyHash: string): boolean {
    return this.leases.epochOf(keyHash) !== null;
  }

  async isAlive(node: string): Promise<boolean> {
    return (await first(this.pool, IS_ALIVE, [node])) !== undefined;
  }

  forget(keyHash: string): void {
    this.remembered.forget(keyHash);
    // Its owner did not answer, so it may be dead.
    if (this.clock.monotonic() - this.watchedAt > MIN_WATCH_MS) this.loops[1]?.now();
  }

  onLost(listener: (keyHash: string) => void): () => void {
    return this.leases.onLost(listener);
  }

  onTaken(listener: (keyHash: string) => Promise<void>): () => void {
    this.takenListeners.add(listener);
    return () => void this.takenListeners.delete(listener);
  }

  onChange(listener: () => void): () => void {
    this.changeListeners.add(listener);
    return () => void this.changeListeners.delete(listener);
  }

  figures(): { readonly held: number; readonly takeovers: number; readonly refusals: number } {
    return { held: this.leases.size, takeovers: this.takes.takeovers, refusals: this.refusals };
  }

  locate(keyHash: string): Promise<Owner> {
    const epoch = this.leases.epochOf(keyHash);
    if (epoch !== null) return Promise.resolve({ node: 'self', epoch });
    const known = this.remembered.get(keyHash);
    if (known !== undefined) return Promise.resolve(known);
    const under = this.locating.get(keyHash);
    if (under !== undefined) return under;
    const found = this.find(keyHash)
      .catch((error: unknown) => {
        throw toStoreFailure(error);
      })
      .finally(() => this.locating.delete(keyHash));
    this.locating.set(keyHash, found);
    return found;
  }

  async start(): Promise<void> {
    try {
      await this.membership.renew();
    } catch (error) {
      await this.pool.end();
      throwStoreError(this.connecting, error);
    }
    this.mode = 'running';
    this.loops = [
      repeat(
        this.clock,
        { name: 'Renewal of the leases', everyMs: RENEW_MS, retryMs: RETRY_MS },
        () => this.renew(),
      ),
      repeat(
        this.clock,
        { name: 'Watch over the other nodes', everyMs: WATCH_MS, retryMs: RETRY_MS },
        () => this.watch(),
      ),
      repeat(
        this.clock,
        { name: 'Search for accounts without an owner', everyMs: POLL_MS, retryMs: RETRY_MS },
        () => this.takeOrphans(),
      ),
    ];
  }

  async release(keyHash: string): Promise<void> {
    const epoch = this.leases.epochOf(keyHash);
    this.leases.remove(keyHash);
    if (epoch === null) return;
    await run(this.pool, RELEASE, [keyHash, this.membership.id, epoch]);
    await this.notify(`released ${keyHash}`);
  }

  async leave(): Promise<boolean> {
    this.mode = 'leaving';
    return (await all(this.pool, SET_LEAVING, [this.membership.id])).length > 0;
  }

  async stop(): Promise<void> {
    if (this.mode === 'stopped') return;
    this.mode = 'stopped';
    this.leases.stop();
    await Promise.all(this.loops.map((loop) => loop.stop()));
    try {
      await run(this.pool, RELEASE_ALL, [this.membership.id]);
      await this.membership.leave();
      await this.notify('left');
    } catch {
      // Without the database, the other nodes notice that the lock is free.
    }
    this.leases.loseAll();
    await this.presence.close();
    await this.pool.end();
  }

  private async find(keyHash: string): Promise<Owner> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      if (this.mode === 'stopped') throw new StoreClosed();
      const row = await first<LeaseRow>(this.pool, OWNER, [keyHash]);
      const { node, url } = row ?? { node: null, url: null };
      const { id } = this.membership;
      if (node !== null && url !== null && node !== id) return this.remember(keyHash, node, url);
      const successor = this.mode === 'leaving' ? await this.successor(keyHash) : undefined;
      if (successor !== undefined) return successor;
      const epoch = await this.takes.take(keyHash, node !== null && node !== id);
      if (epoch !== null) return { node: 'self', epoch };
      // Another node was quicker, or this one was declared dead.
      if (!this.membership.isMember) await this.membership.renew();
    }
    throw new StoreFailure('busy', new Error('the owner of the account keeps changing'));
  }

  private remember(keyHash: string, node: string, url: string): Owner {
    const owner = { node, url };
    this.remembered.set(keyHash, owner);
    return owner;
  }

  /** The node to send requests to while this one leaves; undefined if this is the only one, which still serves them. */
  private successor(keyHash: string): Promise<{ node: string; url: string } | undefined> {
    return first(this.pool, SUCCESSOR, [this.membership.id, keyHash]);
  }

  private async takeOrphans(): Promise<void> {
    while (this.mode === 'running' && this.membership.isMember) {
      const taken = await this.takes.takeOrphans();
      if (taken.length === 0) return;
      for (const keyHash of taken) this.remembered.forget(keyHash);
      const listeners = [...this.takenListeners];
      await Promise.all(listeners.flatMap((listener) => taken.map((keyHash) => listener(keyHash))));
    }
  }

  private async renew(): Promise<void> {
    await this.membership.renew();
    await this.takes.giveUpUnknown();
  }

  /** Declares nodes dead, and takes over their accounts. */
  private async watch(): Promise<void> {
    this.watchedAt = this.clock.monotonic();
    const { proveDeath, outageMs } = this.freeLocks;
    const dead = await all(this.pool, BURY, [this.membership.id, proveDeath, outageMs]);
    if (dead.length === 0) return;
    this.remembered.clear();
    this.changed();
    await this.notify('dead');
  }

  private hint(text: string): void {
    const [kind, keyHash] = text.split(' ');
    if (kind === 'released' && keyHash !== undefined) this.remembered.forget(keyHash);
    else this.remembered.clear();
    this.changed();
  }

  private changed(): void {
    for (const listener of this.changeListeners) listener();
    this.loops[2]?.now();
  }

  private async notify(text: string): Promise<void> {
    await run(this.pool, NOTIFY, [this.channel, text]);
  }

  private lost(account: AccountKey): void {
    this.refusals += 1;
    this.leases.lose(account);
  }

  private reconnect(): void {
    if (this.mode === 'stopped') return;
    this.freeLocks.lost();
    const again = (): void => {
      if (this.mode === 'stopped') return;
      this.membership.reconnect().then(
        () => this.freeLocks.regained(),
        () => this.clock.after(RETRY_MS / 2, again),
      );
    };
    again();
  }
}

/**
 * Opens the directory. It does nothing before {@link AccountDirectory.start}, which must come after the store was opened:
 * that creates the tables.
 *
 * @throws {StoreError} if the URL is invalid; `start` rejects with one if the server cannot be used
 */
export const openDirectory = async (options: DirectoryOptions): Promise<FencedDirectory> =>
  new Leases(options);
