/**
 * Batches of simulated events: drawn together, and stored in one transaction.
 *
 * @module
 */
import type { Millis } from '../../domain/delivery.ts';
import type { EventPublisher, EventToPublish } from '../../engine/event-source.ts';
import type { Store } from '../../storage/store.ts';
import { typeOf, type SimulatedEvent } from './event.ts';
import type { Simulation } from './simulation.ts';
import { eventId } from './words.ts';

/** Events per transaction: larger batches would delay the account's other work. */
const MAX_BATCH = 256;

/** Events drawn from the simulation but not stored yet. */
export interface Batch {
  readonly events: EventToPublish[];
  /** For each event: its sequence number, and how often its id was redrawn. */
  readonly ids: { readonly number: number; draw: number }[];
  readonly emitted: number;
  readonly at: Millis;
}

/** Draw the events due at or before `now`, up to one batch; null if nothing is due. */
export const drawBatch = (
  simulation: Simulation,
  now: Millis,
  isSubscribed: EventPublisher['isSubscribed'],
  toPublish: (event: SimulatedEvent) => EventToPublish,
): Batch | null => {
  const events: EventToPublish[] = [];
  const ids: Batch['ids'] = [];
  let drawn = 0;
  for (; drawn < MAX_BATCH; drawn += 1) {
    const next = simulation.next(now);
    if (next === null) break;
    if (!isSubscribed(typeOf(next))) continue;
    events.push(toPublish(next));
    ids.push({ number: next.number, draw: 0 });
  }
  return drawn === 0 ? null : { events, ids, emitted: simulation.emitted(), at: now };
};

/** Redraw the id of the event with this id. */
const drawIdAgain = ({ events, ids }: Batch, duplicateId: string, seed: number): void => {
  const index = events.findIndex(({ id }) => id === duplicateId);
  const event = events[index];
  const id = ids[index];
  if (event === undefined || id === undefined)
    throw new Error(`no event of the batch has the id ${duplicateId}`);
  id.draw += 1;
  events[index] = { ...event, id: eventId(seed, id.number, event.at ?? 0, id.draw) };
};

/**
 * Publish a batch. If a trigger has used the id of a campaign event, another one is drawn. That need not be stored: the
 * event's row contains the id, and a replay skips the event.
 */
export const saveBatch = async (
  batch: Batch,
  { store, key, seed }: { readonly store: Store; readonly key: number; readonly seed: number },
  eventPublisher: EventPublisher,
): Promise<void> => {
  if (batch.events.length === 0) {
    await store.saveEmitted(key, batch.emitted);
    return;
  }
  for (;;) {
    const duplicateId = await eventPublisher.publish(batch.events, batch.emitted);
    if (duplicateId === null) return;
    drawIdAgain(batch, duplicateId, seed);
  }
};
