/**
 * `/_sandbox/stream`: what happens in the account, as server-sent events, from now on.
 *
 * @module
 */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { LIMITS } from '../../../schemas/contract.ts';
import type { AccountEngine, Happening } from '../../engine/engine.ts';
import type { Env, ServerOptions } from '../context.ts';
import { createGate } from '../concurrency-limit.ts';
import { attemptView, clockView, webhookView } from '../view.ts';

/** Streams that may be open at the same time. */
const MOST_STREAMS = 1000;
const MOST_STREAMS_PER_ACCOUNT = 250;
/** A reader that lags behind by more than this is let go. Twice what the largest trigger publishes at one stroke. */
const MOST_WAITING_EVENTS = 20_000;
/** One that was let go has so long to read why, before its connection is cut. Real milliseconds. */
const LAST_CHANCE_MS = 30_000;

const view = async (happening: Happening, account: AccountEngine): Promise<object> => {
  switch (happening.type) {
    case 'webhook.created':
    case 'webhook.updated':
    case 'webhook.deleted':
      return { type: happening.type, webhook: webhookView(happening.webhook) };
    case 'event.published':
      return {
        type: happening.type,
        event: JSON.parse(happening.event.body) as unknown,
        delivery_ids: happening.deliveries,
      };
    case 'delivery.attempted': {
      const { delivery, attempt, status } = happening;
      return {
        type: happening.type,
        delivery_id: delivery.id,
        event_id: delivery.eventId,
        event: delivery.eventType,
        webhook_id: delivery.webhookId,
        status,
        attempt: attemptView(attempt),
      };
    }
    case 'delivery.cancelled':
    case 'delivery.acknowledged':
      return { type: happening.type, delivery_id: happening.id };
    case 'clock.changed': {
      const { deliveries } = await account.counts();
      return { type: happening.type, clock: clockView(happening.clock, deliveries.pending) };
    }
    case 'account.reset':
      return { type: happening.type };
  }
};

export const streamRoutes = ({ wall, closing }: ServerOptions): Hono<Env> => {
  const gate = createGate('open streams', MOST_STREAMS, MOST_STREAMS_PER_ACCOUNT);
  return new Hono<Env>().get('/', (c) => {
    // The body of an answer to HEAD is never read, so a stream would never end.
    if (c.req.method === 'HEAD') {
      return c.body(null, 200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache',
      });
    }
    const account = c.get('account');
    const leave = gate.enter(account.account.key);
    const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>;
    return streamSSE(c, async (stream) => {
      const waiting: Happening[] = [];
      let wake = (): void => undefined;
      let beat = false;
      let callOffCut = (): void => undefined;
      const unsubscribe = account.subscribe((happening) => {
        waiting.push(happening);
        // It may be long until a reader that does not read lets the loop below go on.
        if (waiting.length > MOST_WAITING_EVENTS) {
          unsubscribe();
          callOffCut = wall.after(LAST_CHANCE_MS, () => outgoing?.destroy());
        }
        wake();
      });
      const call = (): void => wake();
      stream.onAbort(call);
      closing.addEventListener('abort', call);
      let disarm = (): void => undefined;
      const arm = (): void => {
        disarm = wall.after(LIMITS.streamHeartbeatMs, () => {
          beat = true;
          wake();
          arm();
        });
      };
      arm();
      try {
        await stream.write(': connected\n\n');
        for (let id = 1; !stream.aborted && !closing.aborted;) {
          const happening = waiting.shift();
          if (happening !== undefined) {
            const data = JSON.stringify(await view(happening, account));
            await stream.writeSSE({ id: String(id++), event: happening.type, data });
          } else if (beat) {
            beat = false;
            await stream.write(': still here\n\n');
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve;
              if (waiting.length > 0 || beat || stream.aborted || closing.aborted) resolve();
            });
          }
          if (waiting.length > MOST_WAITING_EVENTS) {
            await stream.write(
              `: you are ${waiting.length} events behind, so this stream ends here\n\n`,
            );
            break;
          }
        }
      } finally {
        leave();
        disarm();
        unsubscribe();
        callOffCut();
        closing.removeEventListener('abort', call);
      }
    });
  });
};
