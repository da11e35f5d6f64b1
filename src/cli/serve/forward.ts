/**
 * `serve --forward-to`: a receiver for all events, registered once however often the sandbox starts.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { Mock } from '../../create-mock.ts';

export type Account = Awaited<ReturnType<Mock['engine']['open']>>;

export interface Forwarding {
  readonly url: string;
  readonly webhookId: string;
  /** Where its secret is from; one that was there before or was given is never shown. */
  readonly secretFrom: 'generated' | 'given' | 'before';
  readonly generatedSecret: string | null;
}

/** @param secret null makes one, or keeps the one that the webhook has from before */
export const registerForwarding = async (
  account: Account,
  url: string,
  secret: string | null,
): Promise<Forwarding> => {
  const webhooks = await account.webhooks();
  const known = webhooks.find((webhook) => webhook.url === url);
  if (known !== undefined) {
    await account.updateWebhook(known.id, {
      events: ['*'],
      status: 'active',
      ...(secret === null ? {} : { secret }),
    });
    return {
      url,
      webhookId: known.id,
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
