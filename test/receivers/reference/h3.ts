/**
 * h3, the server of Nuxt and Nitro. Answers 202, and 400 for forgeries.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { H3, HTTPError, toNodeHandler } from 'h3';
import { PATH } from '../receiver.ts';
import type { Build } from './run.ts';
import type { Event } from './store.ts';

const parse = (body: Buffer): Event => {
  try {
    return JSON.parse(body.toString()) as Event;
  } catch {
    throw new HTTPError({ status: 400, message: 'Not JSON' });
  }
};

export const build: Build = (secret, store) => {
  const app = new H3({ silent: true });
  app.post(PATH, async ({ req, res }) => {
    const body = Buffer.from(await req.arrayBuffer());
    const hmac = createHmac('sha256', secret).update(body).digest('hex');
    const expected = Buffer.from(`sha256=${hmac}`);
    const given = Buffer.from(req.headers.get('x-sendemall-signature') ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new HTTPError({ status: 400, message: 'Invalid signature' });
    }
    await store.process(parse(body));
    res.status = 202;
    return '';
  });
  return toNodeHandler(app);
};
