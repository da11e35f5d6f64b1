/**
 * Options that choose what is sent: how much, which types have an effect, which lead, saved events.
 *
 * @module
 */
import { EVENT_TYPES } from '../../schemas/contract.ts';
import { OptionsError, type VerifyOptions } from './options.ts';
import type { ProbeContext } from './probe/probe.ts';

type Input = Pick<VerifyOptions, 'thorough' | 'examples' | 'events' | 'leadEmail'>;

const ADDRESS = /^[^\s@]+@[^\s@]+$/;
const MAX_ADDRESS_LENGTH = 254;

/** @throws {OptionsError} for text that is not an e-mail address */
const checkAddress = (address: unknown): string => {
  if (typeof address === 'string' && ADDRESS.test(address) && address.length <= MAX_ADDRESS_LENGTH)
    return address;
  const shown = typeof address === 'string' ? `"${address}"` : String(address);
  throw new OptionsError(
    (name) =>
      `${name('leadEmail')} ${shown} is not an e-mail address. Pass the address of a lead that the receiver knows, such as jane@customer.example.`,
  );
};

/** @throws {OptionsError} for an unknown event type, and for an empty list */
const checkEvents = (events: readonly string[]): void => {
  const known = EVENT_TYPES.join(', ');
  if (events.length === 0) {
    throw new OptionsError(
      (name) =>
        `${name('events')} is empty. Pass the event types that have an effect in the receiver, out of ${known}, or omit it.`,
    );
  }
  const unknown = events.find((type) => EVENT_TYPES.every((one) => one !== type));
  if (unknown === undefined) return;
  throw new OptionsError(
    (name) =>
      `${name('events')} "${unknown}" is not an event type. Pass some of ${known}, separated by commas.`,
  );
};

/**
 * Check these options, and name them as probes do.
 *
 * @throws {OptionsError} for an unknown event type, or text that is not an e-mail address
 */
export const inputOf = ({
  thorough = false,
  examples = [],
  events,
  leadEmail,
}: Input): Pick<ProbeContext, 'thorough' | 'examples' | 'effectTypes' | 'leadEmail'> => {
  if (events !== undefined) checkEvents(events);
  if (typeof leadEmail === 'string') checkAddress(leadEmail);
  return {
    thorough,
    examples,
    effectTypes: events ?? null,
    leadEmail:
      leadEmail === undefined
        ? null
        : () => checkAddress(typeof leadEmail === 'string' ? leadEmail : leadEmail()),
  };
};
