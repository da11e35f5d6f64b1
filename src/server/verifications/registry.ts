/**
 * Verifications of all accounts: one at a time in each, the latest ones kept in memory.
 *
 * @module
 */
import { LIMITS } from '../../../schemas/contract.ts';
import type { Verification } from '../../../schemas/sandbox.ts';
import type { SystemClock } from '../../clock/port.ts';
import type { AccountKey } from '../../domain/delivery.ts';
import { busy, verificationNotFound, verificationRunning } from '../../domain/problems.ts';
import type { AccountEngine } from '../../engine/engine.ts';
import type { PreparedVerification } from './port.ts';
import { startRun, type RunSubject, type VerificationRun } from './run.ts';

/** Running at the same time in all accounts: each opens up to 64 connections. */
const MAX_RUNNING = 8;

type Listener = (verification: Verification) => void;

interface AccountRuns {
  /** An account that moves to another node and back is opened again: it starts without verifications. */
  readonly account: AccountEngine;
  readonly runs: VerificationRun[];
  readonly listeners: Set<Listener>;
  started: number;
  /** True from the check for a running one until the next one runs. */
  isStarting: boolean;
}

export interface VerificationRegistry {
  /**
   * Start a verification.
   *
   * @param prepare called once it is certain that no other one runs in the account
   * @throws {Problem} `VERIFICATION_RUNNING`, `BUSY`, and what `prepare` throws
   */
  start(
    account: AccountEngine,
    subject: Omit<RunSubject, 'id'>,
    prepare: () => Promise<PreparedVerification>,
  ): Promise<VerificationRun>;
  /** Newest first. */
  list(account: AccountEngine): readonly VerificationRun[];
  /** @throws {Problem} `VERIFICATION_NOT_FOUND` */
  get(account: AccountEngine, id: string): VerificationRun;
  /** @returns a function that ends the subscription */
  subscribe(account: AccountEngine, listener: Listener): () => void;
}

/** Make room for one more: the oldest that has ended goes. At most one runs, so there always is one. */
const evict = (runs: VerificationRun[]): void => {
  if (runs.length < LIMITS.maxVerificationsPerAccount) return;
  const oldest = runs.findIndex((run) => !run.isRunning());
  if (oldest !== -1) runs.splice(oldest, 1);
};

/** @param closing ends all runs when it is aborted */
export const createVerificationRegistry = (
  wall: SystemClock,
  closing: AbortSignal,
): VerificationRegistry => {
  const accounts = new Map<AccountKey, AccountRuns>();
  let running = 0;

  const stopAll = (runs: readonly VerificationRun[]): void => {
    for (const run of runs) run.stop();
  };
  closing.addEventListener('abort', () => {
    for (const { runs } of accounts.values()) stopAll(runs);
  });

  const of = (account: AccountEngine): AccountRuns => {
    const known = accounts.get(account.account.key);
    if (known?.account === account) return known;
    stopAll(known?.runs ?? []);
    const listeners = new Set<Listener>();
    const fresh: AccountRuns = { account, runs: [], listeners, started: 0, isStarting: false };
    accounts.set(account.account.key, fresh);
    account.subscribe((event) => {
      if (event.type !== 'account.reset') return;
      stopAll(fresh.runs);
      fresh.runs.length = 0;
    });
    return fresh;
  };

  const begin = (
    own: AccountRuns,
    subject: Omit<RunSubject, 'id'>,
    prepared: PreparedVerification,
  ): VerificationRun => {
    own.started += 1;
    running += 1;
    const announce: Listener = (verification) => {
      for (const listener of own.listeners) listener(verification);
    };
    const run = startRun({ ...subject, id: `ver_${own.started}` }, prepared, announce, wall);
    evict(own.runs);
    own.runs.push(run);
    void run.ended.then(() => {
      running -= 1;
    });
    return run;
  };

  return {
    start: async (account, subject, prepare) => {
      const own = of(account);
      const active = own.runs.find((run) => run.isRunning());
      if (active !== undefined) throw verificationRunning(active.id);
      if (own.isStarting) throw verificationRunning(`ver_${own.started + 1}`);
      if (running >= MAX_RUNNING) {
        throw busy(`The sandbox already runs ${running} verifications. Wait for one to end.`);
      }
      own.isStarting = true;
      try {
        return begin(own, subject, await prepare());
      } finally {
        own.isStarting = false;
      }
    },
    list: (account) => of(account).runs.toReversed(),
    get: (account, id) => {
      const run = of(account).runs.find((one) => one.id === id);
      if (run === undefined) throw verificationNotFound(id);
      return run;
    },
    subscribe: (account, listener) => {
      const { listeners } = of(account);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
