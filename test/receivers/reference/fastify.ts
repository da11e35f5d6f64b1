/**
 * Fastify with a worker: the event is kept on disk, 202, and processed later, again and again until it works. Takes
 * `application/json` and nothing else.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import fastify from 'fastify';
import { PATH } from '../receiver.ts';
import type { Build } from './run.ts';
import type { Event, Store } from './store.ts';

const EVERY_MS = 40;

const work = (store: Store, eachMs: number): void => {
  const callCrm = eachMs === 0 ? undefined : () => sleep(eachMs);
  setTimeout(
    () => void store.processKept(callCrm).then(() => work(store, eachMs)),
    EVERY_MS,
  ).unref();
};

const buildWith =
  (eachMs: number): Build =>
  async (secret, store) => {
    const app = fastify({ bodyLimit: 2_000_000 });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );

    app.post(PATH, async (request, reply) => {
      // Undefined when nothing came.
      const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
      const hmac = createHmac('sha256', secret).update(body).digest('hex');
      const expected = Buffer.from(`sha256=${hmac}`);
      const given = Buffer.from(String(request.headers['x-sendemall-signature'] ?? ''));
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
        return reply.code(401).send({ error: 'Invalid signature' });
      }
      let event: Event;
      try {
        event = JSON.parse(body.toString()) as Event;
      } catch {
        return reply.code(400).send({ error: 'Not JSON' });
      }
      await store.keep(event);
      return reply.code(202).send({ accepted: event.id });
    });

    work(store, eachMs);
    await app.ready();
    return (request, response) => app.routing(request, response);
  };

export const build = buildWith(0);

/** The worker needs the time of a call or two for every event: after a burst it is hundreds of them behind. */
export const buildSlow = buildWith(12);
