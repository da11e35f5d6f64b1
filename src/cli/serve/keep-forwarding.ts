/**
 * Keeps `--forward-to` registered: a reset, or a snapshot of another account, takes every webhook away, and `serve` would
 * go deaf without a word.
 *
 * @module
 */
import { harmless } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';
import { registerForwarding, type Account, type Forwarding } from './forward.ts';

export interface Kept {
  readonly account: Account;
  readonly forwarding: Forwarding;
  /** Registers again with this one. */
  readonly secret: string;
}

/** @returns the function that ends it */
export const keepForwarding = (
  { account, forwarding, secret }: Kept,
  terminal: Terminal,
  json: boolean,
): (() => void) => {
  const { url } = forwarding;
  let { webhookId } = forwarding;
  const shown = harmless(url);
  const say = (status: string, text: string): void => {
    if (json) terminal.printJson({ type: 'forwarding', status, url, webhook_id: webhookId });
    else terminal.note(text);
  };
  const registerAgain = async (): Promise<void> => {
    const known = (await account.webhooks()).find((webhook) => webhook.url === url);
    if (known !== undefined && known.status === 'active' && known.events.includes('*')) {
      webhookId = known.id;
      say('restored', `The snapshot brought ${shown} along as ${webhookId}, with its own secret.`);
      return;
    }
    ({ webhookId } = await registerForwarding(account, url, secret));
    say(
      'registered_again',
      `The account was emptied or replaced: ${shown} is registered again as ${webhookId}, with the same secret.`,
    );
  };
  return account.subscribe((event) => {
    switch (event.type) {
      case 'account.reset':
        registerAgain().catch((error: unknown) =>
          say(
            'failed',
            `${shown} could not be registered again (${String(error)}): nothing is forwarded. Restart serve.`,
          ),
        );
        break;
      case 'webhook.deleted':
        if (event.webhook.id === webhookId)
          say(
            'deleted',
            `${webhookId} was deleted: nothing is forwarded to ${shown}. Restart serve.`,
          );
        break;
      case 'webhook.updated':
        if (event.webhook.id === webhookId && event.webhook.status !== 'active')
          say(
            'paused',
            `${webhookId} is ${event.webhook.status}: nothing is forwarded to ${shown}.`,
          );
        break;
      default:
    }
  });
};
