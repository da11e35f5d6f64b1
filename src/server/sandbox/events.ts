/**
 * `/_sandbox/events`: trigger, list, read.
 *
 * @module
 */
import { Hono } from 'hono';
import { EventQuery, TriggerRequest } from '../../../schemas/sandbox.ts';
import { eventNotFound } from '../../domain/problems.ts';
import { parse } from '../../domain/validate.ts';
import { readJson } from '../body.ts';
import type { Env, ServerOptions } from '../context.ts';
import { success, successPage } from '../envelope.ts';
import { readPage, readQuery } from '../query.ts';
import { deliveryView } from '../view.ts';

/** Deliveries of one event that are shown with it: at most 100 webhooks, and its newest redeliveries. */
const SHOWN_DELIVERIES = 200;

const unheard = (event: string): string =>
  `No active webhook subscribes to ${event}, so nothing was delivered. Register one with POST /v1/webhooks.`;

export const eventRoutes = ({ prepare }: ServerOptions): Hono<Env> =>
  new Hono<Env>()
    .post('/', async (c) => {
      const account = c.get('account');
      const request = parse(TriggerRequest, await readJson(c));
      const prepared = await prepare(account, request);
      const { events, deliveries } = await account.publish(prepared.events);
      const notices = [prepared.notice, deliveries.length === 0 ? unheard(request.event) : null];
      return success(
        c,
        {
          events: events.map(({ body }) => JSON.parse(body) as unknown),
          deliveries: deliveries.map(deliveryView),
          notice: notices.filter((notice) => notice !== null).join(' ') || null,
        },
        202,
      );
    })
    .get('/', async (c) => {
      const { account, store } = c.get('account');
      const query = readQuery(c, EventQuery, ['limit']);
      const { rows, nextCursor } = await readPage(query, (page) =>
        store.listEvents(account.key, query, page),
      );
      return successPage(
        c,
        rows.map(({ body }) => JSON.parse(body) as unknown),
        nextCursor,
      );
    })
    .get('/:event_id', async (c) => {
      const id = c.req.param('event_id');
      const { account, store } = c.get('account');
      const event = await store.getEvent(account.key, id);
      if (event === null) throw eventNotFound(id);
      const deliveries = await store.listDeliveries(
        account.key,
        { eventId: id },
        { limit: SHOWN_DELIVERIES },
      );
      return success(c, {
        ...(JSON.parse(event.body) as object),
        deliveries: deliveries.map(deliveryView),
      });
    });
