/**
 * Koa: 403 for forgeries, and 409 while the same event is still being processed.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import Koa from 'koa';
import { PATH } from '../receiver.ts';
import type { Build } from './run.ts';
import type { Event } from './store.ts';

const parse = (text: string): Event | null => {
  try {
    return JSON.parse(text) as Event;
  } catch {
    return null;
  }
};

export const build: Build = (secret, store) => {
  const app = new Koa();
  app.silent = true;
  const inFlight = new Set<string>();

  app.use(async (ctx) => {
    if (ctx.path !== PATH) return;
    if (ctx.method !== 'POST') return void (ctx.status = 405);
    const body = await buffer(ctx.req);
    const hmac = createHmac('sha256', secret).update(body).digest('hex');
    const expected = Buffer.from(`sha256=${hmac}`);
    const given = Buffer.from(ctx.get('X-SendEmAll-Signature'));
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      return void (ctx.status = 403);
    }
    const event = parse(body.toString());
    if (event === null) return void (ctx.status = 400);
    if (inFlight.has(event.id)) return void (ctx.status = 409);
    inFlight.add(event.id);
    try {
      await store.process(event);
    } finally {
      inFlight.delete(event.id);
    }
    ctx.body = 'ok';
  });

  const handle = app.callback();
  return (request, response) => void handle(request, response);
};
