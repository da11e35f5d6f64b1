/**
 * Why the latest attempt of a delivery ended as it did, and whether it was forged.
 *
 * @module
 */
import type { ListedDelivery } from '../../schemas/sandbox.ts';

const OUTCOME_WORDS: Readonly<Record<string, string>> = {
  timeout_connect: 'timeout connecting',
  timeout_headers: 'timeout',
  timeout_body: 'timeout in the body',
  name_not_found: 'name not found',
  tls_failure: 'TLS failure',
  invalid_response: 'invalid response',
  response_too_large: 'response too large',
  internal_error: 'internal error',
};

type Latest = Pick<ListedDelivery, 'last_outcome' | 'last_status_code' | 'last_fault'>;

/** A word or two: `401`, `refused`, `timeout`; empty before the first attempt. */
export const reasonOf = ({
  last_outcome: outcome,
  last_status_code: status,
  last_fault: fault,
}: Latest): string => {
  if (outcome === null) return '';
  const answer =
    status !== null && ['delivered', 'non_2xx', 'redirect', 'ignored'].includes(outcome)
      ? String(status)
      : (OUTCOME_WORDS[outcome] ?? outcome);
  const word = outcome === 'ignored' ? `${answer} discarded` : answer;
  return fault === null ? word : `${word} · ${fault}`;
};

const FORGERIES: ReadonlySet<string> = new Set([
  'bad_signature',
  'missing_signature',
  'tampered_body',
]);

/** Whether an attempt was signed wrongly on purpose, by a fault or by a redelivery. */
export const isForged = (fault: string | null, signature: string): boolean =>
  signature !== 'valid' || (fault !== null && FORGERIES.has(fault));
