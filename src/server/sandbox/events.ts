/**
 * `/_sandbox/events`: trigger, list, get.
 *
 * @module
 */
import { Hono } from 'hono';
import { EventQuery, TriggerRequest } from '../../../schemas/sandbox.ts';
import { eventNotFound } from '../../domain/problems.ts';
import { parse } from '../../domain/validate.ts';
import { readJson } from '../body.ts';
import type { Env } from '../context.ts';
import { success, successItems, successParts } from '../envelope.ts';
import { readPage, readQuery } from '../query.ts';
import { deliveryView } from '../view.ts';

/** Maximum number of deliveries in an event's response: one per webhook (100), and its newest redeliveries. */
const MAX_DELIVERIES = 200;

const noSubscribers = (event: string): string =>
  `No active webhook subscribes to ${event}, so nothing was delivered. Register one with POST /v1/webhooks.`;

const incomplete = (published: number, missing: number): string =>
  `Only the first ${published} events were published, because the store failed. Trigger the other ${missing} again.`;

/** Items to serialise before yielding to the event loop. */
const ITEMS_PER_SLICE = 512;

/** Serialise the items of a JSON array, and encode long ones, in slices, yielding to the event loop in between. */
const jsonList = async <T>(
  items: readonly T[],
  write: (item: T) => string,
): Promise<readonly (string | Buffer)[]> => {
  if (items.length <= ITEMS_PER_SLICE) return [items.map(write).join(',')];
  const slices: Buffer[] = [];
  for (let from = 0; from < items.length; from += ITEMS_PER_SLICE) {
    if (from > 0) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    const text = items
      .slice(from, from + ITEMS_PER_SLICE)
      .map(write)
      .join(',');
    slices.push(Buffer.from(from === 0 ? text : `,${text}`));
  }
  return slices;
};

export const eventRoutes = (): Hono<Env> =>
  new Hono<Env>()
    .post('/', async (c) => {
      const account = c.get('account');
      const request = parse(TriggerRequest, await readJson(c));
      const prepared = await account.source.completeTrigger(request, account.now());
      const { events, deliveries, missing } = await account.publish(prepared.events);
      const notices = [
        prepared.notice,
        deliveries.length === 0 ? noSubscribers(request.event) : null,
        missing === 0 ? null : incomplete(events.length, missing),
      ].filter((notice) => notice !== null);
      // Serialise in slices: ten thousand events at once would block other accounts.
      const views = await jsonList(deliveries, (delivery) =>
        JSON.stringify(deliveryView(delivery)),
      );
      const bodies = await jsonList(events, ({ body }) => body);
      const notice = JSON.stringify(notices.join(' ') || null);
      const data = [
        '{"events":[',
        ...bodies,
        '],"deliveries":[',
        ...views,
        `],"notice":${notice}}`,
      ];
      return successParts(c, data, 202);
    })
    .get('/', async (c) => {
      const { account, store } = c.get('account');
      const query = readQuery(c, EventQuery, ['limit']);
      const page = await readPage(
        query,
        (rows) => store.listEvents(account.key, query, rows),
        ({ body }) => body,
      );
      return successItems(c, page);
    })
    .get('/:event_id', async (c) => {
      const id = c.req.param('event_id');
      const { account, store } = c.get('account');
      const event = await store.getEvent(account.key, id);
      if (event === null) throw eventNotFound(id);
      const deliveries = await store.listDeliveries(
        account.key,
        { eventId: id },
        { limit: MAX_DELIVERIES },
      );
      return success(c, {
        ...(JSON.parse(event.body) as object),
        deliveries: deliveries.map(deliveryView),
      });
    });
