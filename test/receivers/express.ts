/**
 * The provider's guide's own Express sample, its logic as it stands there: `timingSafeEqual` throws on a missing or
 * shorter signature, so Express answers 500 where 401 is due.
 *
 * @module
 */
import crypto from 'node:crypto';
import { createServer } from 'node:http';
import express from 'express';
import { PATH, running, type RunningReceiver } from './receiver.ts';

export const start = (secret: string): Promise<RunningReceiver> => {
  const processed: string[] = [];
  const app = express();
  app.set('env', 'test'); // Express prints the stack of what it catches, unless it is tested
  app.post(PATH, express.raw({ type: 'application/json' }), (req, res) => {
    const signature = req.headers['x-sendemall-signature'] as string;
    const expected = `sha256=${crypto
      .createHmac('sha256', secret)
      .update(req.body as Buffer)
      .digest('hex')}`;
    if (!crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) {
      res.status(401).json({ error: 'Invalid signature' });
      return;
    }
    const event = JSON.parse((req.body as Buffer).toString()) as { id: string };
    processed.push(event.id);
    res.json({ received: true });
  });
  return running(createServer(app), processed);
};
