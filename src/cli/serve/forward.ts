/**
 * `serve --forward-to`: registers a receiver for all events, or updates the webhook it has from an earlier start.
 *
 * @module
 */
import type { StartedSandbox } from '../../create-mock.ts';
import type { FolderSecret } from './folder-secret.ts';

export type Account = Awaited<ReturnType<StartedSandbox['engine']['open']>>;

export interface Forwarding {
  readonly url: string;
  readonly webhookId: string;
  /** Origin of its secret. Only a generated one is printed. */
  readonly secretFrom: 'generated' | 'given' | 'before';
  readonly generatedSecret: string | null;
  /** Why a generated secret is another one at the next start; null if it is the same. */
  readonly unstable: string | null;
}

/**
 * Register `url` for all events, unless it is registered already.
 *
 * @param given null generates a secret for a new webhook and keeps that of an existing one
 * @param generate the secret of this folder
 */
export const registerForwarding = async (
  account: Account,
  url: string,
  given: string | null,
  generate: () => FolderSecret,
): Promise<Forwarding> => {
  const webhooks = await account.webhooks();
  const existing = webhooks.find((webhook) => webhook.url === url);
  if (existing !== undefined) {
    const { id, secret } = await account.updateWebhook(existing.id, {
      events: ['*'],
      status: 'active',
      ...(given === null ? {} : { secret: given }),
    });
    const isGenerated = given === null && generate().secret === secret;
    return {
      url,
      webhookId: id,
      secretFrom: given === null ? 'before' : 'given',
      generatedSecret: isGenerated ? secret : null,
      unstable: null,
    };
  }
  const generated = given === null ? generate() : null;
  const secret = given ?? generated!.secret;
  const { id } = await account.register({ url, events: ['*'], secret });
  return {
    url,
    webhookId: id,
    secretFrom: generated === null ? 'given' : 'generated',
    generatedSecret: generated?.secret ?? null,
    unstable: generated?.unstable ?? null,
  };
};
