/**
 * `/_sandbox/stream`: the events of an account from now on, as server-sent events.
 *
 * @module
 */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Env, ServerOptions } from '../context.ts';
import { createConcurrencyLimit } from '../concurrency-limit.ts';
import { createBroadcasts } from '../stream/broadcast.ts';
import type { VerificationRegistry } from '../verifications/registry.ts';

/** Limits for open streams. */
const MAX_STREAMS = 1000;
const MAX_STREAMS_PER_ACCOUNT = 250;

const HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };

export const streamRoutes = (
  { wall, closing }: ServerOptions,
  verifications: VerificationRegistry,
): Hono<Env> => {
  const streamLimit = createConcurrencyLimit('open streams', MAX_STREAMS, MAX_STREAMS_PER_ACCOUNT);
  const broadcastOf = createBroadcasts(verifications, wall);
  return new Hono<Env>().get('/', (c) => {
    // The body of a response to HEAD is never read, so a stream would never end.
    if (c.req.method === 'HEAD') return c.body(null, 200, HEADERS);
    const account = c.get('account');
    const leave = streamLimit.enter(account.account.key);
    const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>;
    const ending = AbortSignal.any([closing, account.closed]);
    const reader = broadcastOf(account).join(
      () => {
        leave();
        ending.removeEventListener('abort', reader.close);
      },
      () => outgoing?.destroy(),
    );
    ending.addEventListener('abort', reader.close);
    if (ending.aborted) reader.close();
    return c.body(reader.body, 200, {
      ...HEADERS,
      connection: 'keep-alive',
      'transfer-encoding': 'chunked',
    });
  });
};
