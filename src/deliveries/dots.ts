/**
 * Attempts as dots: failed, delivered, in flight, planned, not needed.
 *
 * @module
 */
import { DELIVERY_POLICY } from '../../schemas/contract.ts';
import type { Delivery } from '../../schemas/sandbox.ts';

export type Dot = 'failed' | 'delivered' | 'flying' | 'planned' | 'spare';

/** Dots as characters, where colour and shape cannot be relied on. */
export const DOT_SIGNS: Readonly<Record<Dot, string>> = {
  failed: '✗',
  delivered: '✓',
  flying: '…',
  planned: '○',
  spare: '·',
};

export const MAX_ATTEMPTS = DELIVERY_POLICY.retryDelaysMs.length + 1;

/**
 * @example
 * ```ts
 * dotsOf({ status: 'pending', attempts_made: 1 }); // ['failed', 'planned', 'planned', 'planned']
 * ```
 */
export const dotsOf = ({
  status,
  attempts_made: made,
}: Pick<Delivery, 'status' | 'attempts_made'>): readonly Dot[] =>
  Array.from({ length: Math.max(MAX_ATTEMPTS, made) }, (_, index): Dot => {
    if (index < made) return status === 'delivered' && index === made - 1 ? 'delivered' : 'failed';
    if (status === 'in_flight' && index === made) return 'flying';
    return status === 'pending' || status === 'in_flight' ? 'planned' : 'spare';
  });

/** The same for a screen reader. */
export const describeDots = (delivery: Pick<Delivery, 'status' | 'attempts_made'>): string => {
  const count = (dot: Dot): number => dotsOf(delivery).filter((one) => one === dot).length;
  const parts = [
    [count('failed'), 'failed'],
    [count('delivered'), 'delivered'],
    [count('flying'), 'in flight'],
    [count('planned'), 'planned'],
  ] as const;
  const text = parts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`);
  return text.length === 0 ? 'no attempts' : `attempts: ${text.join(', ')}`;
};
