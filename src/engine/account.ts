/**
 * Opens one account: wires its webhooks, events, clock and deliveries.
 *
 * @module
 */
import { monotonicFactory } from 'ulid';
import { LIMITS } from '../../schemas/contract.ts';
import { inMode, movedTo } from '../clock/virtual.ts';
import type { Account } from '../domain/account.ts';
import type { Webhook } from '../domain/delivery.ts';
import { createPace, nextTurn } from '../domain/event-loop.ts';
import {
  deliveryNotFound,
  failedEventNotFound,
  webhookGone,
  webhookLimitReached,
  webhookNotFound,
} from '../domain/problems.ts';
import { seededRandom } from '../domain/random.ts';
import { createAccess } from './access.ts';
import { createAccountClock } from './account-clock.ts';
import { advance } from './advance.ts';
import { createEventBus } from './events.ts';
import type { AccountEngine, ClockView } from './engine.ts';
import { createFaultRules } from './faults/rules.ts';
import type { EventPublisher, OpenEventSource } from './event-source.ts';
import { createDispatcher } from './dispatch/dispatcher.ts';
import type { Dispatcher, DispatchContext } from './dispatch/port.ts';
import { publishUnlessDuplicate, subscribes, type Publisher } from './publish.ts';
import { publishInBatches } from './publish-in-batches.ts';
import { createSerialQueue } from './serial-queue.ts';
import { waitForDelivery } from './wait.ts';

/** Advances that may wait behind the running one. */
const MAX_WAITING_ADVANCES = 100;

/** An account's engine and the dispatcher that the engine as a whole starts and stops. */
export interface OpenAccount {
  readonly engine: AccountEngine;
  readonly dispatcher: Dispatcher;
}

export const openAccount = async (
  account: Account,
  openEventSource: OpenEventSource,
  context: DispatchContext,
): Promise<OpenAccount> => {
  const { store, wall } = context;
  const bus = createEventBus();
  const clock = createAccountClock(account.key, account.clock, store, wall);
  const eventSource = await openEventSource(account, store);
  const eventPublisher: EventPublisher = {
    isSubscribed: (type) => [...webhooks.values()].some((webhook) => subscribes(webhook, type)),
    publish: async (events, emitted) => {
      const published = await publishUnlessDuplicate(events, publisher(), emitted);
      return 'duplicateId' in published ? published.duplicateId : null;
    },
  };
  const faults = createFaultRules(account.seed);
  for (const rule of context.chaos) faults.add(rule);
  const dispatcher = createDispatcher(
    account.key,
    { clock, eventSource, eventPublisher, faults },
    bus,
    context,
  );
  eventSource.onChange(dispatcher.wake);
  const turns = createSerialQueue(MAX_WAITING_ADVANCES, 'changes of this clock');
  // Every opening, and every snapshot, draws from a stream of its own, so that ids never repeat what is there already.
  const ulids = (rows: number): ReturnType<typeof monotonicFactory> =>
    monotonicFactory(seededRandom(account.seed + account.opens * 0x85eb_ca6b + rows * 0xc2b2_ae35));
  let nextUlid = ulids(0);
  const webhooks = new Map<string, Webhook>();
  const publisher = (): Publisher => ({
    account: account.key,
    webhooks: [...webhooks.values()],
    now: clock.now(),
    store,
    dispatcher,
    faults,
    bus,
    newEventId: () => engine.newId('evt'),
  });

  const keep = async (webhook: Webhook): Promise<Webhook> => {
    webhooks.set(webhook.id, webhook);
    await dispatcher.putWebhook(webhook);
    return webhook;
  };
  const loadWebhooks = async (): Promise<void> => {
    const kept = await store.listWebhooks(account.key);
    webhooks.clear();
    for (const webhook of kept) webhooks.set(webhook.id, webhook);
  };
  await loadWebhooks();
  await dispatcher.load();

  const access = createAccess();
  /** Ends the advances that were asked for before a reset or restore. */
  let interrupt = new AbortController();
  /** Changes of the clock queue; a reset or restore runs when the queue is empty. */
  const changeClock = async <T>(work: (interrupted: AbortSignal) => Promise<T>): Promise<T> => {
    for (let closed = access.closed(); closed !== null; closed = access.closed()) await closed;
    const { signal } = interrupt;
    return turns.take(() => work(signal));
  };
  /** Puts other rows in place of all that the account holds, while nothing else happens in it. */
  const replace = (rows: () => Promise<void>, then: () => Promise<void>): Promise<void> =>
    access.exclusive(async () => {
      interrupt.abort();
      interrupt = new AbortController();
      await dispatcher.replace(
        async () => {
          // Waits within, because it is the suspended dispatcher that lets a running advance end.
          await turns.over();
          await eventSource.replace(rows);
        },
        async () => {
          await then();
          await loadWebhooks();
        },
      );
      bus.emit({ type: 'account.reset' });
    });

  const found = (id: string): Webhook => {
    const webhook = webhooks.get(id);
    if (webhook === undefined) throw webhookNotFound(id);
    return webhook;
  };
  const view = (): ClockView => ({
    mode: clock.state().mode,
    rate: clock.state().rate,
    now: clock.now(),
    nextDueAt: dispatcher.earliestDue(),
    inFlight: dispatcher.inFlight(),
  });
  const emitClock = (): void => {
    if (bus.hasSubscribers) bus.emit({ type: 'clock.changed', clock: view() });
  };

  const engine: AccountEngine = {
    account,
    store,
    faults,

    register: (registration, remember) =>
      access.shared(async () => {
        const webhook = await store.createWebhook(
          account.key,
          { ...registration, id: engine.newId('whk'), status: 'active', createdAt: clock.now() },
          LIMITS.maxWebhooksPerAccount,
          remember,
        );
        if (webhook === null) throw webhookLimitReached(LIMITS.maxWebhooksPerAccount);
        bus.emit({ type: 'webhook.created', webhook: await keep(webhook) });
        return webhook;
      }),
    webhooks: () => Promise.resolve([...webhooks.values()]),
    webhook: (id) => Promise.resolve().then(() => found(id)),
    updateWebhook: (id, changes, remember) =>
      access.shared(async () => {
        const webhook = await store.updateWebhook(account.key, id, changes, remember);
        if (webhook === null) throw webhookNotFound(id);
        bus.emit({ type: 'webhook.updated', webhook: await keep(webhook) });
        return webhook;
      }),
    removeWebhook: (id) =>
      access.shared(async () => {
        const webhook = found(id);
        webhooks.delete(id);
        let putBack = (): void => undefined;
        let cancelled: readonly string[] | null;
        try {
          putBack = await dispatcher.dropWebhook(webhook.key);
          cancelled = await store.deleteWebhook(account.key, id, clock.now());
        } catch (error) {
          webhooks.set(id, webhook);
          putBack();
          dispatcher.planned(webhook.key, clock.now());
          throw error;
        }
        bus.emit({ type: 'webhook.deleted', webhook });
        const isEnough = createPace();
        for (const delivery of cancelled ?? []) {
          if (isEnough(0)) await nextTurn();
          bus.emit({ type: 'delivery.cancelled', id: delivery });
        }
      }),

    publish: (requests) => access.shared(() => publishInBatches(requests, publisher)),
    redeliver: (of, { body, signature }) =>
      access.shared(async () => {
        const dueAt = clock.now();
        const delivery = await store.redeliver(account.key, {
          of,
          body,
          signature,
          dueAt,
        });
        if (delivery === null) {
          const known = await store.getDelivery(account.key, of);
          throw known === null ? deliveryNotFound(of) : webhookGone(known.webhookId);
        }
        dispatcher.planned(delivery.webhook, dueAt);
        return delivery;
      }),
    acknowledge: (webhookId, eventId) =>
      access.shared(async () => {
        const { key } = found(webhookId);
        const letter = await store.acknowledge(account.key, key, eventId, clock.now());
        if (letter === null) throw failedEventNotFound(webhookId, eventId);
        bus.emit({ type: 'delivery.acknowledged', id: letter.delivery.id });
        return letter;
      }),

    waitFor: (id, until, timeoutMs, signal) =>
      waitForDelivery(store, bus, wall, { account: account.key, id, until, timeoutMs, signal }),

    now: clock.now,
    clock: () => Promise.resolve(view()),
    setClock: ({ mode, rate }) =>
      changeClock(async () => {
        await clock.set(inMode(clock.state(), mode, rate, wall.now()));
        dispatcher.wake();
        emitClock();
        return view();
      }),
    advance: (target, signal) =>
      changeClock(async (interrupted) => {
        const until = signal === undefined ? interrupted : AbortSignal.any([signal, interrupted]);
        const advanced = await advance(
          { dispatcher, clock, store, onStep: emitClock },
          target,
          until,
        );
        emitClock();
        return advanced;
      }),

    counts: () => store.counts(account.key),
    reset: () =>
      replace(
        () => store.resetAccount(account.key),
        async () => {
          faults.clear();
          for (const rule of context.chaos) faults.add(rule);
        },
      ),
    snapshot: (read) =>
      access.exclusive(() =>
        dispatcher.pause(() =>
          eventSource.pause(async () => {
            const saved = await store.exportAccount(account.key);
            return read({ ...saved, clock: movedTo(clock.state(), clock.now(), wall.now()) });
          }),
        ),
      ),
    restore: async (dump) => {
      await eventSource.check(dump);
      const state = { ...dump.clock, anchorWall: wall.now() };
      await replace(
        () => store.importAccount(account.key, { ...dump, clock: state }),
        async () => {
          nextUlid = ulids(Object.values(dump.tables).reduce((sum, rows) => sum + rows.length, 0));
          await clock.set(state);
        },
      );
    },

    subscribe: bus.subscribe,
    newId: (prefix) => `${prefix}_${nextUlid(clock.now())}`,
  };
  return { engine, dispatcher };
};
