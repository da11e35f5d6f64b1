/**
 * `serve --forward-to`: registers a receiver for all events, or updates the webhook it has from an earlier start.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { StartedSandbox } from '../../create-mock.ts';

export type Account = Awaited<ReturnType<StartedSandbox['engine']['open']>>;

export interface Forwarding {
  readonly url: string;
  readonly webhookId: string;
  /** Origin of its secret. Only a generated one is printed. */
  readonly secretFrom: 'generated' | 'given' | 'before';
  readonly generatedSecret: string | null;
}

/**
 * Register `url` for all events, unless it is registered already.
 *
 * @param secret null generates one for a new webhook and keeps that of an existing one
 */
export const registerForwarding = async (
  account: Account,
  url: string,
  secret: string | null,
): Promise<Forwarding> => {
  const webhooks = await account.webhooks();
  const existing = webhooks.find((webhook) => webhook.url === url);
  if (existing !== undefined) {
    await account.updateWebhook(existing.id, {
      events: ['*'],
      status: 'active',
      ...(secret === null ? {} : { secret }),
    });
    return {
      url,
      webhookId: existing.id,
      secretFrom: secret === null ? 'before' : 'given',
      generatedSecret: null,
    };
  }
  const generated = secret === null ? `whsec_${randomBytes(24).toString('base64url')}` : null;
  const { id } = await account.register({ url, events: ['*'], secret: secret ?? generated! });
  return {
    url,
    webhookId: id,
    secretFrom: generated === null ? 'given' : 'generated',
    generatedSecret: generated,
  };
};
