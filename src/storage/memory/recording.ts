/**
 * Records attempts. Everything that can fail is checked before anything changes.
 *
 * @module
 */
import { afterRecord } from '../../domain/delivery-transitions.ts';
import type { AttemptRecord, QueueStore } from '../store.ts';
import { addDeadEvent } from './dead-letters.ts';
import { applyUpdate, type DeliveryEntry } from './entries.ts';
import { deliveryAt, type State } from './state.ts';

const applyAttempt = (delivery: DeliveryEntry, { attempt, status }: AttemptRecord): void => {
  const { webhook, event, attempts } = delivery;
  const update = afterRecord(status, attempt, webhook.deletedAt !== null);
  const { dueAt: nextAttemptAt } = update;
  const stored = attempt.nextAttemptAt === nextAttemptAt ? attempt : { ...attempt, nextAttemptAt };
  delivery.attemptsMade = attempt.number;
  delivery.attempts = attempts.length === 0 ? [stored] : [...attempts, stored];
  applyUpdate(delivery, update);
  if (update.status === 'dead') addDeadEvent(webhook, event);
};

/** Finds the delivery that a record belongs to: it is in flight, and this is its next attempt. */
const findMatching = (
  state: State,
  { delivery: key, attempt }: AttemptRecord,
): DeliveryEntry | null => {
  const delivery = deliveryAt(state, key);
  const matches = delivery?.status === 'in_flight' && delivery.attemptsMade === attempt.number - 1;
  return matches ? delivery : null;
};

export const createRecording =
  (state: State): QueueStore['recordAttempts'] =>
  async (records) => {
    const refused: AttemptRecord[] = [];
    for (const record of records) {
      const delivery = findMatching(state, record);
      if (delivery === null) refused.push(record);
      else applyAttempt(delivery, record);
    }
    return refused;
  };
