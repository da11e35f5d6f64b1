/**
 * `Idempotency-Key`: a repeated request gets the first response and has no effect. The response is stored in the same
 * transaction as the effect, so that a request interrupted by a crash is never executed twice.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { LIMITS } from '../../schemas/contract.ts';
import type { WallClock } from '../clock/port.ts';
import { idempotencyKeyReused, validationFailed } from '../domain/problems.ts';
import type { Remember } from '../storage/store.ts';
import type { Ctx } from './context.ts';
import { success, successText } from './envelope.ts';

const RETENTION_MS = LIMITS.idempotencyHours * 3_600_000;
const KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** Only the hash is stored: the body may contain a secret. */
const hashOf = (c: Ctx, body: unknown): string =>
  createHash('sha256')
    .update(`${c.req.method} ${c.req.path}\n${JSON.stringify(body)}`)
    .digest('hex');

/** A request that may have an idempotency key. */
export interface Repeatable<Effect> {
  readonly status: 200 | 201;
  /** Create `data` of the response. */
  readonly view: (effect: Effect) => unknown;
  /** Execute the request, and store the result of `remember` in the same transaction. */
  readonly act: (remember?: Remember<Effect>) => Promise<Effect>;
}

export type Idempotent = <Effect>(
  c: Ctx,
  body: unknown,
  request: Repeatable<Effect>,
) => Promise<Response>;

export const createIdempotency = (wall: WallClock): Idempotent => {
  // A concurrent request with the same key waits for the first one.
  const running = new Map<string, Promise<unknown>>();

  return async (c, body, { status, view, act }) => {
    const key = c.req.header('idempotency-key');
    if (key === undefined) return success(c, view(await act()), status);
    if (!KEY.test(key)) {
      throw validationFailed(
        '"Idempotency-Key" must be 1 to 255 printable ASCII characters. Pass a UUID, for example.',
      );
    }
    const { account, store } = c.get('account');
    const slot = `${account.key} ${key}`;
    const requestHash = hashOf(c, body);
    const once = async (): Promise<Response> => {
      const now = wall.now();
      const known = await store.findResponse(account.key, key, now - RETENTION_MS);
      if (known !== null) {
        if (known.requestHash !== requestHash) throw idempotencyKeyReused(key);
        const first = JSON.parse(known.body) as { readonly meta: { readonly request_id: string } };
        c.header('x-request-id', first.meta.request_id);
        return c.body(known.body, known.status as 200, { 'content-type': 'application/json' });
      }
      let sent = '';
      await act((effect) => {
        sent = successText(c, view(effect));
        return {
          key,
          response: { requestHash, status, body: sent },
          storedAt: now,
          maxResponses: LIMITS.maxIdempotencyKeysPerAccount,
        };
      });
      return c.body(sent, status, { 'content-type': 'application/json' });
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
