/**
 * `/v1/webhooks`: register, list, get, update, delete, rotate the secret.
 *
 * @module
 */
import { Hono } from 'hono';
import {
  CreateWebhookRequest,
  RotateSecretRequest,
  UpdateWebhookRequest,
} from '../../../schemas/control.ts';
import type { Webhook } from '../../domain/delivery.ts';
import { validationFailed } from '../../domain/problems.ts';
import { parse } from '../../domain/validate.ts';
import type { Remember } from '../../storage/store.ts';
import { readJson } from '../body.ts';
import type { Env } from '../context.ts';
import { success, successPage } from '../envelope.ts';
import type { Idempotent } from '../idempotency.ts';
import { webhookView } from '../view.ts';

const hints = {
  url: 'Pass an http or https URL without credentials and fragment, of at most 2048 characters, such as http://127.0.0.1:3000/webhooks/sendemall.',
};

/** Reject a URL that matches the schema's pattern but cannot be parsed. */
const checkUrl = (url: string | undefined): void => {
  if (url !== undefined && !URL.canParse(url)) {
    throw validationFailed(`"url" is ${JSON.stringify(url)}. ${hints.url}`);
  }
};

/** Drop undefined fields, so that they stay unchanged. */
const definedOnly = <T extends object>(changes: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as never;

export const webhookRoutes = (idempotent: Idempotent): Hono<Env> =>
  new Hono<Env>()
    .post('/', async (c) => {
      const body = await readJson(c);
      const act = async (remember?: Remember<Webhook>): Promise<Webhook> => {
        const registration = parse(CreateWebhookRequest, body, { hints });
        checkUrl(registration.url);
        return c.get('account').register(registration, remember);
      };
      return idempotent(c, body, { status: 201, view: webhookView, act });
    })
    .get('/', async (c) =>
      successPage(c, (await c.get('account').webhooks()).map(webhookView), null),
    )
    .get('/:webhook_id', async (c) =>
      success(c, webhookView(await c.get('account').webhook(c.req.param('webhook_id')))),
    )
    .patch('/:webhook_id', async (c) => {
      const account = c.get('account');
      const { id } = await account.webhook(c.req.param('webhook_id'));
      const body = await readJson(c);
      const changes = parse(UpdateWebhookRequest, body, { hints });
      checkUrl(changes.url);
      return success(c, webhookView(await account.updateWebhook(id, definedOnly(changes))));
    })
    .delete('/:webhook_id', async (c) => {
      const id = c.req.param('webhook_id');
      await c.get('account').removeWebhook(id);
      return success(c, { id, deleted: true });
    })
    .post('/:webhook_id/rotate-secret', async (c) => {
      const account = c.get('account');
      const { id } = await account.webhook(c.req.param('webhook_id'));
      const body = await readJson(c);
      const act = async (remember?: Remember<Webhook>): Promise<Webhook> => {
        const { secret } = parse(RotateSecretRequest, body);
        return account.updateWebhook(id, { secret }, remember);
      };
      return idempotent(c, body, { status: 200, view: webhookView, act });
    });
