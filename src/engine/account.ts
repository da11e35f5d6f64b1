/**
 * Opens one account: wires its webhooks, events, clock and deliveries.
 *
 * @module
 */
import type { Account } from '../domain/account.ts';
import { createAccess } from './access.ts';
import { createAccountClock } from './account-clock.ts';
import { createClockControl } from './clock-control.ts';
import { createDeliveries } from './deliveries.ts';
import { createDispatcher } from './dispatch/dispatcher.ts';
import type { Dispatcher, DispatchContext } from './dispatch/port.ts';
import type { AccountEngine } from './engine.ts';
import type { EventPublisher, EventSource, OpenEventSource } from './event-source.ts';
import { createEventBus } from './events.ts';
import { createFaultRules, type FaultRules, type NewRule } from './faults/rules.ts';
import { createIds } from './ids.ts';
import { publishInBatches } from './publish-in-batches.ts';
import { publishUnlessDuplicate, subscribes, type PublishContext } from './publish.ts';
import { createSnapshots } from './snapshots.ts';
import { waitForDelivery } from './wait.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';

/** An account's engine, and its dispatcher, which the engine of the sandbox starts and stops. */
export interface OpenAccount<Source extends EventSource> {
  readonly engine: AccountEngine<Source>;
  readonly dispatcher: Dispatcher;
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

/** @throws if the store fails; then the account can be opened again */
export const openAccount = async <Source extends EventSource>(
  account: Account,
  openEventSource: OpenEventSource<Source>,
  context: DispatchContext,
): Promise<OpenAccount<Source>> => {
  const { key } = account;
  const { store, wall } = context;
  const bus = createEventBus();
  const access = createAccess();
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
  const shared = { account: key, store, wall, access, clock, dispatcher, webhooks, ids, bus, now };
  const deliveries = createDeliveries(shared);
  const control = createClockControl(shared);
  const snapshots = createSnapshots({
    ...shared,
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
    register: (...request) => access.shared(() => webhooks.register(...request)),
    webhooks: async () => webhooks.list(),
    webhook: async (id) => webhooks.get(id),
    updateWebhook: (...request) => access.shared(() => webhooks.updateWebhook(...request)),
    removeWebhook: (id) => access.shared(() => webhooks.removeWebhook(id)),
    publish: (requests) => access.shared(() => publishInBatches(requests, publishContext)),
    redeliver: (...request) => access.shared(() => deliveries.redeliver(...request)),
    acknowledge: (...request) => access.shared(() => deliveries.acknowledge(...request)),
    waitFor: (id, until, timeoutMs, signal) =>
      waitForDelivery(store, bus, wall, { account: key, id, until, timeoutMs, signal }),
    now,
    clock: async () => control.view(),
    setClock: control.setClock,
    advance: control.advance,
    counts: () => store.counts(key),
    ...snapshots,
    subscribe: bus.subscribe,
    newId: ids.next,
  };
  return { engine, dispatcher };
};
