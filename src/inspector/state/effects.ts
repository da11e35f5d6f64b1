/**
 * Requests to sinks that name the open delivery's event: what the receiver did because of it.
 *
 * @module
 */
import { effect, signal } from '@preact/signals';
import type { Attempt, SinkRecord } from '../../../schemas/sandbox.ts';
import { detail } from './detail.ts';
import { createLatest } from './latest.ts';
import { client, messageOf } from './session.ts';

export interface Effect {
  readonly sink: string;
  readonly record: SinkRecord;
}

/** Null until they are loaded. */
export const effects = signal<readonly Effect[] | null>(null);
export const effectsError = signal<string | null>(null);

const readEffects = async (eventId: string): Promise<readonly Effect[]> => {
  const api = client.peek();
  const sinks = await api.sinks.list();
  const lists = await Promise.all(
    sinks.map(async ({ name }) => {
      const { items } = await api.sinks.requests(name, { contains: eventId, limit: 100 }).page();
      return items.map((record) => ({ sink: name, record }));
    }),
  );
  return lists.flat().toSorted((a, b) => a.record.order - b.record.order);
};

export const startEffects = (): void => {
  let shownFor: string | undefined;
  const latest = createLatest();
  effect(() => {
    const id = detail.value?.event_id;
    // A new attempt of the same delivery must not empty the list meanwhile.
    if (id !== shownFor) effects.value = null;
    shownFor = id;
    effectsError.value = null;
    latest.supersede();
    if (id === undefined) return;
    void latest.load(
      () => readEffects(id),
      (value) => (effects.value = value),
      (error) => (effectsError.value = messageOf(error)),
    );
  });
};

/** Number of requests that came after an attempt began and before the next one did. */
export const effectsOf = (attempt: Attempt): number => {
  const attempts = detail.value?.attempts ?? [];
  const next = attempts.find(({ number }) => number === attempt.number + 1)?.started_at;
  return (effects.value ?? []).filter(
    ({ record: { received_at: at } }) =>
      at >= attempt.started_at && (next === undefined || at < next),
  ).length;
};
