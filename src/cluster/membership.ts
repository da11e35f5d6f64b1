/**
 * Membership of this node: its row in the table of nodes, renewed while it lives. See `leases.ts`.
 *
 * @module
 */
import { randomBytes, randomInt } from 'node:crypto';
import pLimit from 'p-limit';
import type { SystemClock } from '../clock/port.ts';
import { run, type Session } from '../postgres/session.ts';
import type { HeldLeases } from './held-leases.ts';
import { LOCKED, REGISTER, REMOVE_NODES, RENEW } from './lease-statements.ts';
import type { Presence } from './presence.ts';

/** Locks are chosen at random, because other programs may use locks of the same database. */
const MAX_LOCK = 2 ** 47;

export interface Membership {
  /** Id under which this node takes leases. It changes if the node was declared dead. */
  readonly id: string;
  readonly isMember: boolean;
  /** Joins, or renews all leases at once. */
  renew(): Promise<void>;
  /** Notes that the leases cannot be trusted any longer: the next renewal joins again, under another id. */
  abandon(): void;
  /** Opens the connection again that shows that this node is alive, and renews. */
  reconnect(): Promise<void>;
  leave(): Promise<void>;
}

export interface MembershipOptions {
  readonly session: Session;
  readonly clock: Pick<SystemClock, 'monotonic'>;
  readonly leases: HeldLeases;
  readonly presence: Presence;
  readonly url: string;
  /** Lifetime of the row after a renewal. */
  readonly ttlMs: number;
  /** How much earlier this node stops relying on it. */
  readonly marginMs: number;
}

const newId = (): string => `node_${randomBytes(8).toString('hex')}`;

export const createMembership = ({
  session,
  clock,
  leases,
  presence,
  url,
  ttlMs,
  marginMs,
}: MembershipOptions): Membership => {
  const turns = pLimit(1);
  let id = newId();
  let lockKey = 0;
  let isMember = false;
  /** Rows that may still exist, although their leases are not trusted. */
  let abandoned: string[] = [];

  const abandon = (): void => {
    if (isMember) abandoned.push(id);
    isMember = false;
    id = newId();
  };
  const join = async (): Promise<void> => {
    if (abandoned.length > 0) {
      await run(session, REMOVE_NODES, [abandoned]);
      abandoned = [];
    }
    lockKey = randomInt(1, MAX_LOCK);
    // The lock comes first: a row without it is that of a dead node.
    await presence.open(lockKey);
    const started = clock.monotonic();
    await run(session, REGISTER, [id, url, lockKey, ttlMs]);
    isMember = true;
    leases.trustUntil(started + ttlMs - marginMs);
  };
  const renew = async (): Promise<void> => {
    if (!isMember) return join();
    const renewed = id;
    const started = clock.monotonic();
    const found = await run(session, RENEW, [renewed, ttlMs]);
    if (id !== renewed) return;
    if (found > 0) {
      leases.trustUntil(started + ttlMs - marginMs);
      return;
    }
    // Another node has declared this one dead.
    leases.loseAll();
    abandon();
    await join();
  };
  return {
    get id() {
      return id;
    },
    get isMember() {
      return isMember;
    },
    renew: () => turns(renew),
    abandon,
    reconnect: () =>
      turns(async () => {
        if (isMember) {
          await presence.open(lockKey);
          await run(session, LOCKED, [id]);
        }
        await renew();
      }),
    leave: () =>
      turns(async () => {
        const ids = [...abandoned, id];
        isMember = false;
        await run(session, REMOVE_NODES, [ids]);
      }),
  };
};
