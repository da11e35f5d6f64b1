/**
 * Opens one account: wires its webhooks, events, clock and deliveries.
 *
 * @module
 */
import type { SystemClock } from '../clock/port.ts';
import type { Account } from '../domain/account.ts';
import { accountMoved } from '../domain/node-problems.ts';
import { createAccountLock, type AccountLock } from './account-lock.ts';
import { createAccountClock, type AccountClock } from './account-clock.ts';
import { createClockControl } from './clock-control.ts';
import { createRedelivery } from './redelivery.ts';
import { createDispatcher } from './dispatch/dispatcher.ts';
import type { Dispatcher, DispatchContext } from './dispatch/dispatcher-types.ts';
import type { AccountEngine, CloseAccount } from './engine.ts';
import type { EventPublisher, EventSource, OpenEventSource } from './event-source.ts';
import { createEventBus, type EventBus } from './event-bus.ts';
import { createFaultRules, type FaultRules, type NewRule } from './faults/rules.ts';
import { createIds, type Ids } from './ids.ts';
import { publishInBatches } from './publish-in-batches.ts';
import { publishUnlessDuplicate, subscribes, type PublishContext } from './publish.ts';
import {
  createRuntimeHolder,
  type RestingRuntimes,
  type Runtime,
  type RuntimeHolder,
} from './runtime.ts';
import { sealOnClose } from './sealed-store.ts';
import { createSnapshots } from './snapshots.ts';
import { waitForDelivery } from './wait.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';

/** An account's engine, and what the engine of the sandbox does with it. */
export interface OpenAccount<Source extends EventSource> {
  readonly engine: AccountEngine<Source>;
  /** Attempts sent but not recorded yet. */
  inFlight(this: void): number;
  /** Claim no more, and wait up to `graceMs` real milliseconds for attempts in flight. */
  settle(graceMs: number): Promise<void>;
  /** Cut what is still in flight, and end advances. */
  abandon(): Promise<void>;
  /** See {@link Engine.close}. A second call with `write: false` cuts a running one short. */
  close(how: CloseAccount): Promise<void>;
}

const createEventPublisher = (
  webhooks: Webhooks,
  publishContext: () => PublishContext,
): EventPublisher => ({
  isSubscribed: (type) => webhooks.list().some((webhook) => subscribes(webhook, type)),
  publish: async (events, emitted) => {
    const published = await publishUnlessDuplicate(events, publishContext(), emitted);
    return 'duplicateId' in published ? published.duplicateId : null;
  },
});

/** Replace all rules by the initial ones. */
const resetFaults = (faults: FaultRules, initial: readonly NewRule[]): void => {
  faults.clear();
  for (const rule of initial) faults.add(rule);
};

/** @returns what `create` creates when it is first asked for */
const onFirstUse = <T extends object>(create: () => T): (() => T) => {
  let created: T | null = null;
  return () => (created ??= create());
};

/** The account's fault rules. */
const createLateFaults = (seed: number, initial: readonly NewRule[]): (() => FaultRules) =>
  onFirstUse(() => {
    const faults = createFaultRules(seed);
    resetFaults(faults, initial);
    return faults;
  });

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

/** How long to wait for a round that runs on a store that does not answer. Its results change nothing: see `sealed-store.ts`. */
const MAX_ROUND_MS = 1000;

/** How an account ends. */
const createEnding = (
  runtime: RuntimeHolder,
  closing: AbortController,
  wall: SystemClock,
): Pick<OpenAccount<EventSource>, 'settle' | 'abandon' | 'close'> => {
  const stop = async (): Promise<void> => {
    const dispatcher = runtime.end()?.dispatcher;
    await dispatcher?.stop();
    if (dispatcher !== undefined && dispatcher.inFlight() > 0) await dispatcher.idle();
  };
  const settle = (graceMs: number): Promise<void> => atMost(stop(), graceMs, wall);
  const abandon = async (): Promise<void> => {
    const ended = runtime.end();
    if (ended === null) return;
    ended.control.interrupt();
    await atMost(ended.dispatcher.abandon(), MAX_ROUND_MS, wall);
  };
  return {
    settle,
    abandon,
    close: async (how) => {
      if (how.write) {
        const control = runtime.end()?.control;
        // A running advance writes where it got to.
        control?.interrupt();
        await atMost(Promise.all([control?.finished(), stop()]), how.graceMs, wall);
      }
      closing.abort(accountMoved());
      await abandon();
    },
  };
};

/** The state of an account that lives as long as it is open, whether it has a runtime or none. */
interface AccountState<Source extends EventSource> {
  readonly account: Account;
  readonly context: DispatchContext;
  readonly closed: AbortSignal;
  readonly bus: EventBus;
  readonly access: AccountLock;
  readonly clock: AccountClock;
  readonly ids: Ids;
  readonly eventSource: Source;
  readonly faults: () => FaultRules;
  readonly webhooks: Webhooks;
}

const createRuntime = (
  {
    account,
    context,
    bus,
    access,
    clock,
    ids,
    eventSource,
    faults,
    webhooks,
  }: AccountState<EventSource>,
  publishContext: () => PublishContext,
  onRest: () => void,
): Runtime => {
  const { store, wall } = context;
  const eventPublisher = createEventPublisher(webhooks, publishContext);
  const sources = { clock, eventSource, eventPublisher, faults: faults(), onRest };
  const dispatcher = createDispatcher(account.key, sources, bus, context);
  const { key } = account;
  const parts = { account: key, store, wall, access, clock, dispatcher, webhooks, ids, bus };
  // An event needs the dispatcher only: what else there is waits until it is asked for.
  const control = onFirstUse(() => createClockControl(parts));
  const deliveries = onFirstUse(() => createRedelivery({ ...parts, now: clock.now }));
  const reset = (): void => resetFaults(faults(), context.chaos);
  const snapshots = onFirstUse(() =>
    createSnapshots({ ...parts, control: control(), eventSource, resetFaults: reset }),
  );
  return {
    dispatcher,
    get control() {
      return control();
    },
    get deliveries() {
      return deliveries();
    },
    get snapshots() {
      return snapshots();
    },
  };
};

const createAccountEngine = <Source extends EventSource>(
  {
    account,
    context,
    closed,
    bus,
    access,
    clock,
    ids,
    eventSource,
    faults,
    webhooks,
  }: AccountState<Source>,
  { use }: RuntimeHolder,
  publishContext: () => PublishContext,
): AccountEngine<Source> => {
  const { store, wall } = context;
  const { key } = account;
  return {
    account,
    source: eventSource,
    store,
    faults,
    closed,
    register: (registration, remember) =>
      access.shared(() => webhooks.register(registration, remember)),
    webhooks: async () => webhooks.list(),
    webhook: async (id) => webhooks.get(id),
    updateWebhook: (id, changes, remember) =>
      access.shared(() => use(() => webhooks.updateWebhook(id, changes, remember))),
    removeWebhook: (id) => access.shared(() => use(() => webhooks.removeWebhook(id))),
    publish: (requests) =>
      access.shared(() => use(() => publishInBatches(requests, publishContext))),
    redeliver: (deliveryId, how) =>
      access.shared(() => use(({ deliveries }) => deliveries.redeliver(deliveryId, how))),
    acknowledge: (webhookId, eventId) =>
      access.shared(() => use(({ deliveries }) => deliveries.acknowledge(webhookId, eventId))),
    waitFor: (id, until, timeoutMs, signal) =>
      waitForDelivery(store, bus, wall, { account: key, id, until, timeoutMs, signal, closed }),
    now: clock.now,
    clock: () => use(async ({ control }) => control.view()),
    setClock: (setting) => use(({ control }) => control.setClock(setting)),
    advance: (...request) => use(({ control }) => control.advance(...request)),
    counts: () => store.counts(key),
    reset: () => use(({ snapshots }) => snapshots.reset()),
    snapshot: (read) => use(({ snapshots }) => snapshots.snapshot(read)),
    restore: (dump) => use(({ snapshots }) => snapshots.restore(dump)),
    subscribe: bus.subscribe,
    newId: ids.next,
  };
};

/** What the accounts of an engine share. */
export interface AccountContext extends DispatchContext {
  readonly resting: RestingRuntimes;
}

/** @throws if the store fails; then the account can be opened again */
export const openAccount = async <Source extends EventSource>(
  account: Account,
  openEventSource: OpenEventSource<Source>,
  { resting, ...shared }: AccountContext,
): Promise<OpenAccount<Source>> => {
  const { key } = account;
  const closing = new AbortController();
  const { signal: closed } = closing;
  const store = sealOnClose(shared.store, closed);
  const context = { ...shared, store };
  const bus = createEventBus();
  const clock = createAccountClock(key, account.clock, store, shared.wall);
  const { now } = clock;
  const ids = createIds(account, now);
  const faults = createLateFaults(account.seed, context.chaos);
  const dispatcher = (): Dispatcher | null => runtime.current()?.dispatcher ?? null;
  const webhooks = createWebhooks({ account: key, store, dispatcher, bus, ids, now });
  const eventSource = await openEventSource(account, store);
  const access = createAccountLock();
  const parts = {
    account,
    context,
    closed,
    bus,
    access,
    clock,
    ids,
    eventSource,
    faults,
    webhooks,
  };
  const publishContext = (): PublishContext => ({
    account: key,
    webhooks: webhooks.list(),
    now: now(),
    store,
    dispatcher: runtime.get().dispatcher,
    faults: faults(),
    bus,
    newEventId: () => ids.next('evt'),
  });
  const runtime = createRuntimeHolder(resting, (onRest) => {
    const created = createRuntime(parts, publishContext, onRest);
    created.dispatcher.begin(webhooks.list());
    return created;
  });
  await webhooks.load();
  const due = await store.nextDueAt(key);
  if (due.size > 0 || eventSource.nextAt() !== null) runtime.get().dispatcher.expect(due);
  eventSource.onChange(() => runtime.get().dispatcher.wake());
  const engine = createAccountEngine(parts, runtime, publishContext);
  const inFlight = (): number => dispatcher()?.inFlight() ?? 0;
  return { engine, inFlight, ...createEnding(runtime, closing, shared.wall) };
};
