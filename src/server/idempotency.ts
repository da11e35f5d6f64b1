/**
 * `Idempotency-Key`: the same request again gets the first answer again, and does nothing.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { LIMITS } from '../../schemas/contract.ts';
import type { WallClock } from '../clock/port.ts';
import { idempotencyKeyReused, validationFailed } from '../domain/problems.ts';
import type { Ctx } from './context.ts';

const REMEMBERED_MS = LIMITS.idempotencyHours * 3_600_000;
const KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** The body may hold a secret, so only its hash is kept. */
const hashOf = (c: Ctx, body: unknown): string =>
  createHash('sha256')
    .update(`${c.req.method} ${c.req.path}\n${JSON.stringify(body)}`)
    .digest('hex');

export type Idempotent = (
  c: Ctx,
  body: unknown,
  answer: () => Promise<Response>,
) => Promise<Response>;

export const createIdempotency = (wall: WallClock): Idempotent => {
  // A second request with the same key waits for the first instead of racing it.
  const running = new Map<string, Promise<unknown>>();

  return async (c, body, answer) => {
    const key = c.req.header('idempotency-key');
    if (key === undefined) return answer();
    if (!KEY.test(key)) {
      throw validationFailed(
        '"Idempotency-Key" must be 1 to 255 printable ASCII characters. Use e.g. a UUID.',
      );
    }
    const { account, store } = c.get('account');
    const slot = `${account.key} ${key}`;
    const requestHash = hashOf(c, body);
    const once = async (): Promise<Response> => {
      const now = wall.now();
      const known = await store.recall(account.key, key, now - REMEMBERED_MS);
      if (known !== null) {
        if (known.requestHash !== requestHash) throw idempotencyKeyReused(key);
        const first = JSON.parse(known.body) as { readonly meta: { readonly request_id: string } };
        c.header('x-request-id', first.meta.request_id);
        return c.body(known.body, known.status as 200, { 'content-type': 'application/json' });
      }
      const response = await answer();
      const kept = { requestHash, status: response.status, body: await response.clone().text() };
      await store.remember(account.key, key, kept, now, LIMITS.maxIdempotencyKeysPerAccount);
      return response;
    };
    const turn = (running.get(slot) ?? Promise.resolve()).then(once);
    const settled = turn.catch(() => undefined);
    running.set(slot, settled);
    try {
      return await turn;
    } finally {
      if (running.get(slot) === settled) running.delete(slot);
    }
  };
};
