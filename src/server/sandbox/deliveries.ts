/**
 * `/_sandbox/deliveries`: list, get, wait, explain the signature, redeliver.
 *
 * @module
 */
import { Hono } from 'hono';
import {
  DeliveryQuery,
  ExplainSignatureRequest,
  RedeliverRequest,
  WaitQuery,
} from '../../../schemas/sandbox.ts';
import { deliveryNotFound } from '../../domain/problems.ts';
import { parse } from '../../domain/validate.ts';
import { readOptionalJson } from '../body.ts';
import type { Env, ServerOptions } from '../context.ts';
import { success, successItems } from '../envelope.ts';
import { createConcurrencyLimit } from '../concurrency-limit.ts';
import { readQuery } from '../query.ts';
import { explanationOf } from '../explain-signature.ts';
import { deliveryDetailView, deliveryView } from '../view.ts';
import { searchDeliveries } from './search-deliveries.ts';

const DEFAULT_WAIT_MS = 30_000;
/** Limits for requests that wait. */
const MAX_WAITING = 5000;
const MAX_WAITING_PER_ACCOUNT = 1000;

export const deliveryRoutes = ({ closing }: ServerOptions): Hono<Env> => {
  const waitLimit = createConcurrencyLimit(
    'requests that wait for deliveries',
    MAX_WAITING,
    MAX_WAITING_PER_ACCOUNT,
  );
  return new Hono<Env>()
    .get('/', async (c) => {
      const { account, store } = c.get('account');
      const query = readQuery(c, DeliveryQuery, ['limit']);
      const page = await searchDeliveries(store, account.key, query);
      return successItems(c, page, page.progress);
    })
    .get('/:delivery_id', async (c) => {
      const id = c.req.param('delivery_id');
      const { account, store } = c.get('account');
      const delivery = await store.getDelivery(account.key, id);
      if (delivery === null) throw deliveryNotFound(id);
      return success(c, deliveryDetailView(delivery));
    })
    .get('/:delivery_id/wait', async (c) => {
      const { until = 'settled', timeout_ms: timeoutMs = DEFAULT_WAIT_MS } = readQuery(
        c,
        WaitQuery,
        ['timeout_ms'],
      );
      const account = c.get('account');
      const leave = waitLimit.enter(account.account.key);
      try {
        const id = c.req.param('delivery_id');
        const signal = AbortSignal.any([c.req.raw.signal, closing]);
        const { reached, delivery } = await account.waitFor(id, until, timeoutMs, signal);
        return success(c, { reached, delivery: deliveryDetailView(delivery) });
      } finally {
        leave();
      }
    })
    .post('/:delivery_id/explain-signature', async (c) => {
      const id = c.req.param('delivery_id');
      const engine = c.get('account');
      const delivery = await engine.store.getDelivery(engine.account.key, id);
      if (delivery === null) throw deliveryNotFound(id);
      const request = parse(ExplainSignatureRequest, await readOptionalJson(c));
      const { secret } = await engine.webhook(delivery.webhookId);
      return success(c, await explanationOf(delivery, secret, request));
    })
    .post('/:delivery_id/redeliver', async (c) => {
      const id = c.req.param('delivery_id');
      const engine = c.get('account');
      const { account, store } = engine;
      if ((await store.getDelivery(account.key, id)) === null) throw deliveryNotFound(id);
      const { body = null, signature = 'valid' } = parse(
        RedeliverRequest,
        await readOptionalJson(c),
      );
      return success(c, deliveryView(await engine.redeliver(id, { body, signature })), 202);
    });
};
