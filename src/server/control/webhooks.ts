/**
 * `/v1/webhooks`: register, list, read, change, delete, rotate the secret.
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
  url: 'Give an http or https URL without user name, password and fragment, at most 2048 characters, e.g. http://127.0.0.1:3000/webhooks/sendemall.',
};

/** What no schema can say: a URL that only looks like one. */
const checkUrl = (url: string | undefined): void => {
  if (url !== undefined && !URL.canParse(url)) {
    throw validationFailed(`"url" is ${JSON.stringify(url)}. ${hints.url}`);
  }
};

/** Leaves fields that were not given out, so that they stay as they are. */
const given = <T extends object>(changes: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
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
      return success(c, webhookView(await account.updateWebhook(id, given(changes))));
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
