/**
 * E-mail addresses with a fixed outcome, for deterministic tests. The local part selects it, e.g.
 * `bounce+hard@acme.example`. Text after a further `+` is free, to make addresses unique: `open+3+sarah@…`.
 *
 * @module
 */
import type { ReplySentiment } from '../../../schemas/events.ts';
import { SENTIMENTS } from './rates.ts';

/** Outcome of the first e-mail to such an address. Later e-mails are delivered without a reaction. */
export type Fate =
  | { readonly kind: 'bounce'; readonly type: 'hard' | 'soft' }
  | { readonly kind: 'reply'; readonly sentiment: ReplySentiment }
  | { readonly kind: 'open'; readonly times: number; readonly storm: boolean }
  | { readonly kind: 'click' }
  | { readonly kind: 'unsubscribe'; readonly globally: boolean; readonly race: boolean }
  | { readonly kind: 'silent' };

/** Simulated opens of one e-mail. */
const MAX_OPENS = 1000;

const openFate = (variant: string, rest: string): Fate => {
  const times = /^\d{1,4}$/.test(variant) ? Number(variant) : Number.NaN;
  const isValid = times >= 1 && times <= MAX_OPENS;
  return { kind: 'open', times: isValid ? times : 1, storm: rest.split('+').includes('storm') };
};

const isSentiment = (text: string): text is ReplySentiment =>
  (SENTIMENTS as readonly string[]).includes(text);

/** @returns null for an ordinary address */
export const fateOf = (email: string): Fate | null => {
  const local = email.slice(0, email.lastIndexOf('@')).toLowerCase();
  const [word = '', variant = '', ...rest] = local.split('+');
  switch (word) {
    case 'bounce':
      return variant === 'hard' || variant === 'soft' ? { kind: 'bounce', type: variant } : null;
    case 'reply':
      return isSentiment(variant) ? { kind: 'reply', sentiment: variant } : null;
    case 'open':
      return variant === '' ? null : openFate(variant, rest.join('+'));
    case 'click':
      return variant === '' ? null : { kind: 'click' };
    case 'unsubscribe':
      return variant === 'global' || variant === 'campaign' || variant === 'race'
        ? { kind: 'unsubscribe', globally: variant !== 'campaign', race: variant === 'race' }
        : null;
    case 'silent':
      return variant === '' ? null : { kind: 'silent' };
    default:
      return null;
  }
};
