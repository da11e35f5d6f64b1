/**
 * Hono, one request at a time. Answers 201 with an empty body.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { PATH } from '../receiver.ts';
import type { Build } from './run.ts';
import type { Event } from './store.ts';

/** Each request waits for the one before it, once its body is here: a sender that stalls must not stop the others. */
const oneAtATime = () => {
  let last: Promise<void> = Promise.resolve();
  return createMiddleware(async (c, next) => {
    await c.req.arrayBuffer();
    const before = last;
    let done = (): void => undefined;
    last = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    try {
      await next();
    } finally {
      done();
    }
  });
};

export const build: Build = (secret, store) => {
  const app = new Hono().use(oneAtATime()).post(PATH, async (c) => {
    const body = Buffer.from(await c.req.arrayBuffer());
    const hmac = createHmac('sha256', secret).update(body).digest('hex');
    const expected = Buffer.from(`sha256=${hmac}`);
    const given = Buffer.from(c.req.header('x-sendemall-signature') ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      return c.json({ error: 'Invalid signature' }, 401);
    }
    await store.process(JSON.parse(body.toString()) as Event);
    return c.body(null, 201);
  });
  app.onError((error, c) => c.body(null, error instanceof SyntaxError ? 400 : 500));
  const handle = getRequestListener(app.fetch);
  return (request, response) => void handle(request, response);
};
