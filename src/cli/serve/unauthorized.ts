/**
 * Help with the first refused signature: which secret was used, and the command that explains a mismatch.
 *
 * @module
 */
import { shellWord } from '../../domain/shell.ts';
import { shortSecret } from '../output/short-form.ts';
import { INDENT } from '../output/attempts.ts';
import { wrap } from '../output/width.ts';
import type { Terminal } from '../terminal.ts';
import type { Account } from './forward.ts';
import type { Attempted } from './watch.ts';

/**
 * Create a listener that explains the first 401 or 403 of each webhook to a request that was signed correctly.
 *
 * @param account whose webhooks hold the secrets
 */
export const explainUnauthorized = (
  account: Account,
  terminal: Terminal,
): ((attempted: Attempted) => void) => {
  const explained = new Set<string>();
  return ({ delivery, attempt }) => {
    const { webhookId, signature } = delivery;
    const status = attempt.response?.status;
    const isRefused = status === 401 || status === 403;
    if (!isRefused || signature !== 'valid' || attempt.fault !== null) return;
    if (explained.has(webhookId)) return;
    explained.add(webhookId);
    void account.webhook(webhookId).then(
      ({ secret }) => {
        const why = `It was signed with ${shortSecret(secret)}. If your receiver has that secret, save the body that it got and find out what it signed instead:`;
        const words = ['check-signature', 'body.json', '--signature', attempt.signature ?? ''];
        const command = ['sendemall-mock', ...words.map(shellWord)].join(' ');
        const lines = [...wrap(why, terminal.width, INDENT), ' '.repeat(INDENT) + command];
        for (const line of lines) terminal.print(terminal.style('yellow', line));
      },
      // Deleted meanwhile.
      () => undefined,
    );
  };
};
