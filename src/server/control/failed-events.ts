/**
 * `/v1/webhooks/{webhook_id}/failed-events`: list, get, acknowledge.
 *
 * @module
 */
import { Hono } from 'hono';
import { PageQuery } from '../../../schemas/control.ts';
import { failedEventNotFound } from '../../domain/problems.ts';
import type { Env } from '../context.ts';
import { success, successItems } from '../envelope.ts';
import { readPage, readQuery } from '../query.ts';
import { failedEventView } from '../view.ts';

export const failedEventRoutes = (): Hono<Env> =>
  new Hono<Env>()
    .get('/:webhook_id/failed-events', async (c) => {
      const engine = c.get('account');
      const { account, store } = engine;
      const { key } = await engine.webhook(c.req.param('webhook_id'));
      const query = readQuery(c, PageQuery, ['limit']);
      const page = await readPage(
        query,
        (rows) => store.listDeadLetters(account.key, key, rows),
        (row) => JSON.stringify(failedEventView(row)),
      );
      return successItems(c, page);
    })
    .get('/:webhook_id/failed-events/:event_id', async (c) => {
      const { webhook_id: webhookId, event_id: eventId } = c.req.param();
      const engine = c.get('account');
      const { account, store } = engine;
      const { key } = await engine.webhook(webhookId);
      const letter = await store.getDeadLetter(account.key, key, eventId);
      if (letter === null) throw failedEventNotFound(webhookId, eventId);
      return success(c, failedEventView(letter));
    })
    .post('/:webhook_id/failed-events/:event_id/acknowledge', async (c) => {
      const { webhook_id: webhookId, event_id: eventId } = c.req.param();
      return success(c, failedEventView(await c.get('account').acknowledge(webhookId, eventId)));
    });
