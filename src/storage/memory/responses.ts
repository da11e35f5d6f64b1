/**
 * Stored responses to requests with an `Idempotency-Key`.
 *
 * @module
 */
import type { IdempotencyStore, ResponseToStore } from '../store.ts';
import type { AccountData } from './entries.ts';
import { dataOf, type State } from './state.ts';

export const createResponses = (state: State): IdempotencyStore => ({
  findResponse: async (account, key, notBefore) => {
    const entry = dataOf(state, account).responses?.get(key);
    if (entry === undefined || entry.storedAt < notBefore) return null;
    const { requestHash, status, body } = entry;
    return { requestHash, status, body };
  },
});

/** Stores a response with the effect that it reports, and removes the oldest ones. */
export const saveResponse = (
  data: AccountData,
  { key, response: { requestHash, status, body }, storedAt, maxResponses }: ResponseToStore,
): void => {
  const responses = (data.responses ??= new Map());
  // Delete first: a Map keeps a replaced key at its old position, and the oldest entry must come first.
  responses.delete(key);
  responses.set(key, { requestHash, status, body, storedAt });
  for (const oldest of responses.keys()) {
    if (responses.size <= maxResponses) break;
    responses.delete(oldest);
  }
};
