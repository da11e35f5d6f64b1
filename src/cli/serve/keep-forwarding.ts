/**
 * Keeps `--forward-to` registered. A reset or a snapshot of another account removes every webhook, and `serve` would
 * silently stop forwarding.
 *
 * @module
 */
import { harmless } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';
import type { FolderSecret } from './folder-secret.ts';
import { registerForwarding, type Account, type Forwarding } from './forward.ts';

export interface ForwardingToKeep {
  readonly account: Account;
  readonly forwarding: Forwarding;
  /** Secret to register with again. */
  readonly secret: string;
}

/** Never used: the secret is given. */
const keepSecret = (): FolderSecret => {
  throw new Error('the secret of --forward-to is missing');
};

/** Watch the account and register again when needed, with a notice. @returns a function that stops watching */
export const keepForwarding = (
  { account, forwarding, secret }: ForwardingToKeep,
  terminal: Terminal,
  json: boolean,
): (() => void) => {
  const { url } = forwarding;
  let { webhookId } = forwarding;
  const printableUrl = harmless(url);
  const notify = (status: string, text: string): void => {
    if (json) terminal.printJson({ type: 'forwarding', status, url, webhook_id: webhookId });
    else terminal.note(text);
  };
  const registerAgain = async (): Promise<void> => {
    const existing = (await account.webhooks()).find((webhook) => webhook.url === url);
    if (existing !== undefined && existing.status === 'active' && existing.events.includes('*')) {
      webhookId = existing.id;
      notify(
        'restored',
        `The snapshot contains ${printableUrl} as ${webhookId}, with its own secret.`,
      );
      return;
    }
    ({ webhookId } = await registerForwarding(account, url, secret, keepSecret));
    notify(
      'registered_again',
      `The account was reset or replaced. Registered ${printableUrl} again as ${webhookId}, with the same secret.`,
    );
  };
  return account.subscribe((event) => {
    switch (event.type) {
      case 'account.reset':
        registerAgain().catch((error: unknown) =>
          notify(
            'failed',
            `Cannot register ${printableUrl} again (${String(error)}), so nothing is forwarded. Restart serve.`,
          ),
        );
        break;
      case 'webhook.deleted':
        if (event.webhook.id === webhookId)
          notify(
            'deleted',
            `${webhookId} was deleted, so nothing is forwarded to ${printableUrl}. Restart serve.`,
          );
        break;
      case 'webhook.updated':
        if (event.webhook.id === webhookId && event.webhook.status !== 'active')
          notify(
            'paused',
            `${webhookId} is ${event.webhook.status}, so nothing is forwarded to ${printableUrl}.`,
          );
        break;
      default:
    }
  });
};
