/**
 * Who can send a request: it decides how severe a crash on it is.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import { WebhookEvent } from '../../../schemas/events.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Signing } from '../probe/signing.ts';

/**
 * - `anyone`: the signature is missing or wrong.
 * - `provider`: a correctly signed event of the contract.
 * - `secret_holder`: correctly signed, but not an event of the contract, so that only somebody who knows the secret sends it.
 */
export type Sender = 'anyone' | 'provider' | 'secret_holder';

const isContractEvent = (body: Uint8Array): boolean => {
  try {
    return WebhookEvent.safeParse(JSON.parse(Buffer.from(body).toString('utf8'))).success;
  } catch {
    return false;
  }
};

export const senderOf = ({ request }: Pick<Exchange, 'request'>, signing: Signing): Sender => {
  const { method, headers, body } = request;
  const isSigned = headers.some(
    ([name, value]) =>
      name.toLowerCase() === SIGNATURE.header.toLowerCase() && value === signing.valid(body),
  );
  if (!isSigned) return 'anyone';
  return method === 'POST' && isContractEvent(body) ? 'provider' : 'secret_holder';
};
