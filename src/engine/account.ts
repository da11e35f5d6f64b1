/**
 * Opens one account: wires its webhooks, events, clock and deliveries.
 *
 * @module
 */
import type { SystemClock } from '../clock/port.ts';
import type { Account } from '../domain/account.ts';
import { accountMoved } from '../domain/node-problems.ts';
import { createAccountLock } from './account-lock.ts';
import { createAccountClock } from './account-clock.ts';
import { createClockControl, type ClockControl } from './clock-control.ts';
import { createRedelivery } from './redelivery.ts';
import { createDispatcher } from './dispatch/dispatcher.ts';
import type { Dispatcher, DispatchContext } from './dispatch/dispatcher-types.ts';
import type { AccountEngine, CloseAccount } from './engine.ts';
import type { EventPublisher, EventSource, OpenEventSource } from './event-source.ts';
import { createEventBus } from './event-bus.ts';
import { createFaultRules, type FaultRules, type NewRule } from './faults/rules.ts';
import { createIds } from './ids.ts';
import { publishInBatches } from './publish-in-batches.ts';
import { publishUnlessDuplicate, subscribes, type PublishContext } from './publish.ts';
import { sealOnClose } from './sealed-store.ts';
import { createSnapshots } from './snapshots.ts';
import { waitForDelivery } from './wait.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';

/** An account's engine, and what the engine of the sandbox does with it. */
export interface OpenAccount<Source extends EventSource> {
  readonly engine: AccountEngine<Source>;
  readonly dispatcher: Pick<Dispatcher, 'inFlight'>;
  /** Claim no more, and wait up to `graceMs` real milliseconds for attempts in flight. */
  settle(graceMs: number): Promise<void>;
  /** Cut what is still in flight, and end advances. */
  abandon(): Promise<void>;
  /** See {@link Engine.close}. A second call with `write: false` cuts a running one short. */
  close(how: CloseAccount): Promise<void>;
}

const createEventPublisher = (
  webhooks: () => Webhooks,
  publishContext: () => PublishContext,
): EventPublisher => ({
  isSubscribed: (type) =>
    webhooks()
      .list()
      .some((webhook) => subscribes(webhook, type)),
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
  dispatcher: Dispatcher,
  control: Pick<ClockControl, 'interrupt' | 'finished'>,
  closing: AbortController,
  wall: SystemClock,
): Pick<OpenAccount<EventSource>, 'settle' | 'abandon' | 'close'> => {
  const stop = async (): Promise<void> => {
    await dispatcher.stop();
    if (dispatcher.inFlight() > 0) await dispatcher.idle();
  };
  const settle = (graceMs: number): Promise<void> => atMost(stop(), graceMs, wall);
  const abandon = (): Promise<void> => {
    control.interrupt();
    return atMost(dispatcher.abandon(), MAX_ROUND_MS, wall);
  };
  return {
    settle,
    abandon,
    close: async (how) => {
      if (how.write) {
        // A running advance writes where it got to.
        control.interrupt();
        await atMost(Promise.all([control.finished(), stop()]), how.graceMs, wall);
      }
      closing.abort(accountMoved());
      await abandon();
    },
  };
};

/** @throws if the store fails; then the account can be opened again */
export const openAccount = async <Source extends EventSource>(
  account: Account,
  openEventSource: OpenEventSource<Source>,
  shared: DispatchContext,
): Promise<OpenAccount<Source>> => {
  const { key } = account;
  const closing = new AbortController();
  const { signal: closed } = closing;
  const context = { ...shared, store: sealOnClose(shared.store, closed) };
  const { store, wall } = context;
  const bus = createEventBus();
  const access = createAccountLock();
  const clock = createAccountClock(key, account.clock, store, wall);
  const { now } = clock;
  const ids = createIds(account, now);
  const eventSource = await openEventSource(account, store);
  const faults = createFaultRules(account.seed);
  resetFaults(faults, context.chaos);
  const eventPublisher = createEventPublisher(
    () => webhooks,
    () => publishContext(),
  );
  const sources = { clock, eventSource, eventPublisher, faults };
  const dispatcher = createDispatcher(key, sources, bus, context);
  eventSource.onChange(dispatcher.wake);
  const webhooks = createWebhooks({ account: key, store, dispatcher, bus, ids, now });
  const publishContext = (): PublishContext => ({
    account: key,
    webhooks: webhooks.list(),
    now: now(),
    store,
    dispatcher,
    faults,
    bus,
    newEventId: () => ids.next('evt'),
  });
  const parts = { account: key, store, wall, access, clock, dispatcher, webhooks, ids, bus, now };
  const deliveries = createRedelivery(parts);
  const control = createClockControl(parts);
  const snapshots = createSnapshots({
    ...parts,
    control,
    eventSource,
    resetFaults: () => resetFaults(faults, context.chaos),
  });
  await webhooks.load();
  await dispatcher.load();

  const engine: AccountEngine<Source> = {
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
      access.shared(() => webhooks.updateWebhook(id, changes, remember)),
    removeWebhook: (id) => access.shared(() => webhooks.removeWebhook(id)),
    publish: (requests) => access.shared(() => publishInBatches(requests, publishContext)),
    redeliver: (deliveryId, how) => access.shared(() => deliveries.redeliver(deliveryId, how)),
    acknowledge: (webhookId, eventId) =>
      access.shared(() => deliveries.acknowledge(webhookId, eventId)),
    waitFor: (id, until, timeoutMs, signal) =>
      waitForDelivery(store, bus, wall, { account: key, id, until, timeoutMs, signal, closed }),
    now,
    clock: async () => control.view(),
    setClock: control.setClock,
    advance: control.advance,
    counts: () => store.counts(key),
    ...snapshots,
    subscribe: bus.subscribe,
    newId: ids.next,
  };
  return { engine, dispatcher, ...createEnding(dispatcher, control, closing, wall) };
};
