/**
 * All accounts of one sandbox, opened on first use.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { ClockState, SystemClock } from '../clock/port.ts';
import type { Outcome } from '../domain/delivery.ts';
import { tooManyAccounts, unauthorized } from '../domain/problems.ts';
import type { RemedyTexts } from '../domain/remedies.ts';
import type { Store } from '../storage/store.ts';
import { openAccount, type OpenAccount } from './account.ts';
import type { AccountEngine, AccountListener, Engine } from './engine.ts';
import { createCapacity } from './dispatch/capacity.ts';
import type { NewRule } from './faults/rules.ts';
import type { EventSource, OpenEventSource } from './event-source.ts';
import type { Dispatcher, DispatchContext } from './dispatch/port.ts';
import { createOpener } from './opener.ts';
import { createRecorder } from './dispatch/recorder.ts';
import type { Transport } from './delivery/transport.ts';

/** Every account uses memory for as long as the sandbox runs. */
const MAX_ACCOUNTS = 10_000;

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

const hashOf = (apiKey: string): string => createHash('sha256').update(apiKey).digest('hex');

/** Wait for `work`, but no longer than `graceMs` real milliseconds. */
const atMost = async (
  work: Promise<unknown>,
  graceMs: number,
  wall: SystemClock,
): Promise<void> => {
  let cancel = (): void => undefined;
  const grace = new Promise<void>((resolve) => {
    cancel = wall.after(graceMs, resolve);
  });
  await Promise.race([work, grace]);
  cancel();
};

/** The open accounts, for those who watch all of them. */
const createRegister = <Source extends EventSource>() => {
  const engines: AccountEngine<Source>[] = [];
  const listeners: AccountListener<Source>[] = [];
  const named = (engine: AccountEngine<Source>, apiKey: string | null): void => {
    for (const listener of listeners) listener(engine, apiKey);
  };
  return {
    named,
    opened: (engine: AccountEngine<Source>): void => {
      engines.push(engine);
      named(engine, null);
    },
    onAccount: (listener: AccountListener<Source>): void => {
      listeners.push(listener);
      for (const engine of engines) listener(engine, null);
    },
  };
};

export const createEngine = <Source extends EventSource>(
  options: EngineOptions<Source>,
): Engine<Source> => {
  const { store, wall, apiKeys, initial } = options;
  const attempts = new Map<Outcome, number>();
  const recorder = createRecorder(store, wall);
  const context: DispatchContext = {
    ...options,
    attempts,
    recorder,
    capacity: createCapacity(wall),
  };
  const allowed = apiKeys === null ? null : new Set(apiKeys);
  const opened = new Map<string, Promise<OpenAccount<Source>>>();
  const dispatchers: Dispatcher[] = [];
  const byKey = new Map<string, Promise<AccountEngine<Source>>>();
  const register = createRegister<Source>();
  let stopped = false;

  const openHash = (hash: string): Promise<OpenAccount<Source>> => {
    const known = opened.get(hash);
    if (known !== undefined) return known;
    if (opened.size >= MAX_ACCOUNTS) throw tooManyAccounts(MAX_ACCOUNTS);
    const opening = store
      .openAccount(hash, initial())
      .then((account) => openAccount(account, options.openEventSource, context))
      .then((open) => {
        dispatchers.push(open.dispatcher);
        opener.opened(hash);
        register.opened(open.engine);
        return open;
      });
    opened.set(hash, opening);
    // Forget a failed opening, so that the next request tries again.
    opening.catch(() => opened.delete(hash));
    return opening;
  };

  const opener = createOpener(openHash, wall);

  return {
    open: async (apiKey) => {
      const known = byKey.get(apiKey);
      if (known !== undefined) return known;
      if (allowed !== null && !allowed.has(apiKey)) {
        throw unauthorized(
          'Unknown API key in x-user-context: this sandbox accepts only the keys that it was started with. Use one of those.',
        );
      }
      const opening = openHash(hashOf(apiKey)).then(({ engine }) => {
        register.named(engine, apiKey);
        return engine;
      });
      byKey.set(apiKey, opening);
      opening.catch(() => byKey.delete(apiKey));
      return opening;
    },
    onAccount: register.onAccount,
    figures: () => ({
      accounts: dispatchers.length,
      unopenedAccounts: opener.unopened(),
      inFlight: dispatchers.reduce((sum, dispatcher) => sum + dispatcher.inFlight(), 0),
      attempts,
    }),
    start: async () => {
      await store.recover();
      await opener.openAll(await store.accountsWithWork());
    },
    stop: async (graceMs) => {
      if (stopped) return;
      stopped = true;
      opener.stop();
      await Promise.allSettled(opened.values());
      const idle = dispatchers.map(async (dispatcher) => {
        await dispatcher.stop();
        if (dispatcher.inFlight() > 0) await dispatcher.idle();
      });
      await atMost(Promise.all(idle), graceMs, wall);
      for (const dispatcher of dispatchers) dispatcher.abandon();
      recorder.stop();
      // Attempts that are cut now were never recorded: the next start finds them in flight and repeats them.
      await options.transport.close();
    },
  };
};
