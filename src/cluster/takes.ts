/**
 * Takes of leases. One account is taken by one statement at a time: a second one would raise the epoch of an account that
 * this node has just opened, whose writes the fence would then refuse.
 *
 * If the response to one is lost, this node may hold leases that it does not know of, so that their accounts
 * are not served; {@link Takes.giveUpUnknown} frees them.
 *
 * @module
 */
import { all, first, run, type Session } from '../postgres/session.ts';
import type { HeldLeases } from './held-leases.ts';
import {
  RELEASE_UNKNOWN,
  TAKE,
  TAKE_ORPHANS,
  type OrphanRow,
  type TakenRow,
} from './lease-statements.ts';
import type { Membership } from './membership.ts';

export interface Takes {
  /** Number of leases that were taken from dead nodes. */
  readonly takeovers: number;
  /**
   * Takes a lease.
   *
   * @param isTakeover whether a dead node held it
   * @returns its epoch; null if another node holds it, or this one was declared dead
   */
  take(keyHash: string, isTakeover: boolean): Promise<number | null>;
  /** Takes some leases of accounts that have work and no owner. */
  takeOrphans(): Promise<readonly string[]>;
  giveUpUnknown(): Promise<void>;
}

export const createTakes = (
  session: Session,
  membership: Membership,
  leases: HeldLeases,
): Takes => {
  let takeovers = 0;
  let underWay = 0;
  let isUnsure = false;
  const taking = new Set<string>();
  let orphansUnderWay: Promise<unknown> = Promise.resolve();
  const attempt = async <T>(take: () => Promise<T>): Promise<T> => {
    underWay += 1;
    try {
      return await take();
    } catch (error) {
      isUnsure = true;
      throw error;
    } finally {
      underWay -= 1;
    }
  };
  return {
    get takeovers() {
      return takeovers;
    },
    take: async (keyHash, isTakeover) => {
      taking.add(keyHash);
      try {
        await orphansUnderWay.catch(() => undefined);
        const held = leases.epochOf(keyHash);
        if (held !== null) return held;
        const { id } = membership;
        const row = await attempt(() => first<TakenRow>(session, TAKE, [keyHash, id]));
        if (row === undefined || id !== membership.id) return null;
        if (isTakeover) takeovers += 1;
        leases.add(keyHash, row);
        return row.epoch;
      } finally {
        taking.delete(keyHash);
      }
    },
    takeOrphans: async () => {
      const { id } = membership;
      const statement = attempt(() => all<OrphanRow>(session, TAKE_ORPHANS, [id, [...taking]]));
      orphansUnderWay = statement;
      const rows = await statement;
      if (id !== membership.id) return [];
      for (const { key_hash: keyHash, account, epoch, previous } of rows) {
        if (previous !== null) takeovers += 1;
        leases.add(keyHash, { account, epoch });
      }
      return rows.map((row) => row.key_hash);
    },
    giveUpUnknown: async () => {
      if (!isUnsure || underWay > 0) return;
      await run(session, RELEASE_UNKNOWN, [membership.id, leases.accounts()]);
      isUnsure = false;
    },
  };
};
