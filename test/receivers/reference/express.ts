/**
 * Express: the guide's sample with its trap fixed. A health page on GET, bodies up to 1 MiB, 200 with JSON.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import express, { type ErrorRequestHandler } from 'express';
import { PATH } from '../receiver.ts';
import type { Build } from './run.ts';
import type { Event } from './store.ts';

export const build: Build = (secret, store) => {
  const app = express();

  app.get(PATH, (_req, res) => void res.send('<h1>The webhook is up</h1>'));

  // Express 5 hands a rejection to the error handler.
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers
  app.post(PATH, express.raw({ type: () => true, limit: '1mb' }), async (req, res) => {
    const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
    const hmac = createHmac('sha256', secret).update(body).digest('hex');
    const expected = Buffer.from(`sha256=${hmac}`);
    const given = Buffer.from(req.get('x-sendemall-signature') ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      res.status(401).json({ error: 'Invalid signature' });
      return;
    }
    const event = JSON.parse(body.toString()) as Event;
    await store.process(event);
    res.json({ received: true });
  });

  const onError: ErrorRequestHandler = (error: { status?: number }, _req, res, _next) => {
    const status = error instanceof SyntaxError ? 400 : (error.status ?? 500);
    res.status(status).json({ error: 'Not processed' });
  };
  return app.use(onError);
};
