/**
 * What can be forged from a delivery, each with one key.
 *
 * @module
 */
import type {
  AddFaultRequest,
  DeliveryDetail,
  RedeliverRequest,
} from '../../../schemas/sandbox.ts';
import { eventIn } from './snippets.ts';

export interface Forgery {
  readonly key: string;
  readonly name: string;
  /** What the receiver should do. */
  readonly help: string;
  /** Made by a fault of the sender, applied once, to a new event. */
  readonly fault?: AddFaultRequest['fault'];
  readonly how?: (delivery: DeliveryDetail) => RedeliverRequest;
}

const YEAR_MS = 365 * 86_400_000;

const aged = ({ body }: DeliveryDetail): RedeliverRequest => {
  const event = eventIn(body);
  if (event === null) return {};
  const at = new Date(Date.parse(event.timestamp) - YEAR_MS).toISOString();
  return { body: JSON.stringify({ ...JSON.parse(body), timestamp: `${at.slice(0, 19)}Z` }) };
};

export const FORGERIES: readonly Forgery[] = [
  {
    key: '1',
    name: 'Unsigned',
    help: 'no signature header; must be rejected',
    how: () => ({ signature: 'missing' }),
  },
  {
    key: '2',
    name: 'Wrong secret',
    help: 'signed with another secret; must be rejected',
    how: () => ({ signature: 'wrong' }),
  },
  {
    key: '3',
    name: 'Tampered',
    help: 'body changed after signing; must be rejected',
    fault: 'tampered_body',
  },
  { key: '4', name: 'Old', help: 'a year old, correctly signed', how: aged },
  {
    key: '5',
    name: 'Duplicate',
    help: 'sent again after it was delivered; must have one effect',
    fault: 'duplicate',
  },
  {
    key: '6',
    name: 'Twice at once',
    help: 'the same request twice at the same time; must have one effect',
    fault: 'duplicate_concurrent',
  },
  {
    key: '7',
    name: 'Reordered',
    help: 'held for a minute, so that later events overtake it',
    fault: 'reorder',
  },
  { key: '8', name: 'Delayed', help: 'held for five minutes', fault: 'delay' },
  {
    key: '9',
    name: 'Lost acknowledgement',
    help: 'the 2xx is discarded, so it is sent again',
    fault: 'lost_acknowledgement',
  },
  {
    key: '0',
    name: 'Unknown event',
    help: 'an event of an unknown type comes first',
    fault: 'unknown_event',
  },
  {
    key: 'u',
    name: 'Unknown field',
    help: 'one more field, correctly signed; must be accepted',
    fault: 'unknown_field',
  },
  {
    key: 'w',
    name: 'Wrong signature once',
    help: 'one attempt has a wrong signature, the retry a right one',
    fault: 'bad_signature',
  },
  {
    key: 'm',
    name: 'Missing signature once',
    help: 'one attempt has no signature, the retry has',
    fault: 'missing_signature',
  },
  { key: 's', name: 'Slow body', help: 'in chunks, over a second', fault: 'slow_body' },
  {
    key: 'x',
    name: 'Reset',
    help: 'the connection breaks in the middle of the body',
    fault: 'reset_mid_body',
  },
  { key: 'b', name: 'Burst', help: 'held, then sent at once with the next event', fault: 'burst' },
];
