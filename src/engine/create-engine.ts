/**
 * The engine of a sandbox: which keys it accepts, what its accounts share, how it starts and stops.
 *
 * @module
 */
import { hash } from 'node:crypto';
import type { ClockState, SystemClock } from '../clock/port.ts';
import type { Outcome } from '../domain/delivery.ts';
import { unauthorized } from '../domain/problems.ts';
import type { RemedyTexts } from '../domain/remedies.ts';
import type { Store } from '../storage/store.ts';
import { openAccount, type AccountContext } from './account.ts';
import { createAccounts } from './accounts.ts';
import type { Engine } from './engine.ts';
import { createCapacity } from './dispatch/capacity.ts';
import type { NewRule } from './faults/rules.ts';
import type { EventSource, OpenEventSource } from './event-source.ts';
import { createOpener } from './opener.ts';
import { createRecorder } from './dispatch/recorder.ts';
import { createRestingRuntimes } from './runtime.ts';
import type { Transport } from './delivery/transport.ts';

/** Runtimes of accounts without work that are kept: creating one takes as long as a fifth of a delivery. */
const MAX_RESTING_RUNTIMES = 100;

export interface EngineOptions<Source extends EventSource> {
  readonly store: Store;
  readonly wall: SystemClock;
  readonly transport: Transport;
  readonly attemptTimeoutMs: number;
  readonly concurrency: number;
  readonly openEventSource: OpenEventSource<Source>;
  /** Initial fault rules of every account. */
  readonly chaos: readonly NewRule[];
  /** Texts for remedies that change the sandbox's configuration, worded by the entry point. */
  readonly remedies: RemedyTexts;
  /** The only keys accepted; null accepts any key. */
  readonly apiKeys: readonly string[] | null;
  /** Clock and seed of a new account. */
  readonly initial: () => { readonly clock: ClockState; readonly seed: number };
}

export const createEngine = <Source extends EventSource>(
  options: EngineOptions<Source>,
): Engine<Source> => {
  const { store, wall, apiKeys, initial } = options;
  const attempts = new Map<Outcome, number>();
  const recorder = createRecorder(store, wall);
  const context: AccountContext = {
    ...options,
    attempts,
    recorder,
    capacity: createCapacity(wall),
    resting: createRestingRuntimes(MAX_RESTING_RUNTIMES),
  };
  const allowed = apiKeys === null ? null : new Set(apiKeys);
  let stopped = false;

  const accounts = createAccounts<Source>(async (keyHash) => {
    const account = await store.openAccount(keyHash, initial());
    const open = await openAccount(account, options.openEventSource, context);
    opener.opened(keyHash);
    return open;
  });
  const opener = createOpener(accounts.open, wall);

  /** The last key and its hash: most requests come with the same one. */
  let last = { apiKey: '', keyHash: hash('sha256', '') };
  const identify = (apiKey: string): string => {
    if (allowed === null || allowed.has(apiKey)) {
      if (last.apiKey !== apiKey) last = { apiKey, keyHash: hash('sha256', apiKey) };
      return last.keyHash;
    }
    throw unauthorized(
      'Unknown API key in x-user-context: this sandbox accepts only the keys that it was started with. Use one of those.',
    );
  };

  return {
    identify,
    open: async (apiKey) => (await accounts.openNamed(identify(apiKey), apiKey)).engine,
    openByHash: async (keyHash) => (await accounts.open(keyHash)).engine,
    resume: opener.openAll,
    close: (keyHash, how) => {
      opener.forget(keyHash);
      return accounts.close(keyHash, how);
    },
    onAccount: accounts.onAccount,
    figures: () => ({
      accounts: accounts.all.size,
      unopenedAccounts: opener.unopened(),
      inFlight: [...accounts.all].reduce((sum, { inFlight }) => sum + inFlight(), 0),
      attempts,
    }),
    keyHashes: () => [...accounts.all].map(({ engine }) => engine.account.keyHash),
    start: async ({ opensAccounts } = { opensAccounts: true }) => {
      await store.recover();
      if (opensAccounts) await opener.openAll(await store.accountsWithWork());
    },
    stop: async (graceMs) => {
      if (stopped) return;
      stopped = true;
      opener.stop();
      await accounts.settled();
      const open = [...accounts.all];
      await Promise.all(open.map((account) => account.settle(graceMs)));
      await Promise.all(open.map((account) => account.abandon()));
      recorder.stop();
      // Attempts that are cut now were never recorded: the next start finds them in flight and repeats them.
      await options.transport.close();
    },
  };
};
