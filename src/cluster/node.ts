/**
 * One node of a sandbox that several processes share: opens and closes accounts as the directory decides, and hands them
 * over when it stops.
 *
 * **States.** *Serving*: requests are served here or forwarded; accounts without an owner are taken. *Leaving* (after
 * `leave`): nothing is taken any more, and all accounts are handed over. Requests that still arrive are forwarded for
 * {@link LINGER_MS}. Without another node, all goes on until the server closes.
 *
 * **Hand-over** of an account: new requests wait, those under way get {@link DRAIN} to finish, attempts in flight get
 * {@link SETTLE_MS}, the account is closed and its lease released; then the requests look for the new owner. Streams and
 * long polls end. Attempts that take longer are cut, and the next owner repeats them.
 *
 * **Loss** of an account: the lease has expired or another node holds it. The account is closed at once, without writing.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import pLimit from 'p-limit';
import type { WallClock } from '../clock/port.ts';
import type { Engine } from '../engine/engine.ts';
import type { AccountDirectory } from './directory.ts';
import { createForwarder, type Forwarder, type ForwardResult } from './forward.ts';
import { createGate, type Gate, type Grace } from './gate.ts';
import { createOwnerWatch, type OwnerWatch } from './owner-watch.ts';

const logger = getLogger(['sendemall-mock', 'cluster']);

/** Real milliseconds. */
const DRAIN: Grace = { allMs: 400, uncutMs: 5000 };
const SETTLE_MS = 400;
/** Load balancers look at `/readyz` twice within it, as `docker/haproxy.cfg` does. */
const LINGER_MS = 1000;
/** Accounts that are handed over at a time. */
const MAX_HAND_OVERS = 64;

/** How requests of accounts that other nodes serve ended. */
export type ForwardOutcome = ForwardResult['type'];

export interface ClusterNode {
  readonly directory: AccountDirectory;
  /** Shared by all nodes of the sandbox. */
  readonly secret: Buffer;
  readonly forwarder: Forwarder;
  readonly gate: Gate;
  readonly watch: OwnerWatch;
  isLeaving(): boolean;
  /** Forwarded requests, by outcome. */
  readonly forwarded: Map<ForwardOutcome, number>;
  /** Take accounts, and follow the directory. */
  start(): Promise<void>;
  /**
   * Hand all accounts over, and forward requests for a moment longer, so that clients and load balancers notice.
   *
   * @param graceMs limits that moment, in real milliseconds
   */
  leave(graceMs: number): Promise<void>;
  /** Leave the cluster. Call it after the engine was stopped. */
  stop(): Promise<void>;
}

export interface ClusterNodeOptions {
  readonly directory: AccountDirectory;
  readonly secret: Buffer;
  readonly wall: WallClock;
  readonly engine: Pick<Engine, 'resume' | 'close' | 'keyHashes'>;
}

export const createClusterNode = (options: ClusterNodeOptions): ClusterNode => {
  const { directory, secret, wall, engine } = options;
  const gate = createGate(wall);
  const forwarder = createForwarder(() => directory.self.node, secret);
  const limit = pLimit(MAX_HAND_OVERS);
  let leaving = false;

  const handOver = (keyHash: string): Promise<void> =>
    gate.whileShut(keyHash, DRAIN, async () => {
      await engine.close(keyHash, { write: true, graceMs: SETTLE_MS });
      await directory.release(keyHash);
    });

  return {
    directory,
    secret,
    forwarder,
    gate,
    watch: createOwnerWatch(directory, wall),
    isLeaving: () => leaving,
    forwarded: new Map(),
    start: async () => {
      directory.onLost((keyHash) => void engine.close(keyHash, { write: false }));
      directory.onTaken((keyHash) => engine.resume([keyHash]));
      await directory.start();
    },
    leave: async (graceMs) => {
      leaving = true;
      try {
        // The only node cannot hand accounts over, or forward requests.
        if (!(await directory.leave())) return;
      } catch (error) {
        // Without the database there is nothing to hand over: the leases expire.
        logger.warn('Cannot hand accounts over: {error}', { error });
        return;
      }
      await Promise.allSettled(engine.keyHashes().map((keyHash) => limit(handOver, keyHash)));
      await new Promise<void>((resolve) => {
        wall.after(Math.min(graceMs, LINGER_MS), resolve);
      });
    },
    stop: async () => {
      await directory.stop();
      await forwarder.close();
    },
  };
};
