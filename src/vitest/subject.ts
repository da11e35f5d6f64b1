/**
 * What a matcher was given, and the deliveries that it speaks of.
 *
 * @module
 */
import type { Delivery, DeliveryDetail } from '../../schemas/sandbox.ts';
import { sandboxOf, type Sandbox } from './sandbox.ts';

/** A matcher was called on what it cannot judge. */
export class MatcherError extends Error {
  override readonly name = 'MatcherError';
}

const describe = (thing: unknown): string => {
  if (thing === null || typeof thing !== 'object') return String(thing);
  return thing instanceof Promise ? 'a promise (await it first)' : 'an object of another kind';
};

/** Of two fixtures with one name vitest takes the later, without a word. */
const replaced = (thing: unknown): string =>
  thing === null || typeof thing !== 'object' || thing instanceof Promise
    ? ''
    : ' If it came from a fixture of your own that is called "sandbox", that one has replaced the kit’s: give it another name.';

export interface Subject {
  readonly sandbox: Sandbox;
  readonly deliveries: readonly Delivery[];
}

/**
 * @param matcher its name, for the error
 * @throws {MatcherError} for what `sandbox.trigger` did not give, and for an event that nobody is subscribed to
 */
export const subjectOf = (thing: unknown, matcher: string): Subject => {
  const sandbox = sandboxOf(thing);
  if (sandbox === null || thing === sandbox) {
    throw new MatcherError(
      `${matcher}() judges what sandbox.trigger() gave, or one of its deliveries; it was called on ${describe(thing)}.${replaced(thing)}`,
    );
  }
  const { deliveries, id } = thing as { deliveries?: readonly Delivery[]; id?: string };
  if (deliveries === undefined && id === undefined) {
    throw new MatcherError(
      `${matcher}() judges what sandbox.trigger() gave; it was called on a registered receiver.`,
    );
  }
  if (deliveries?.length === 0) {
    throw new MatcherError(
      `${matcher}(): the event went to nobody. Register a receiver for it first: await sandbox.register(…).`,
    );
  }
  return { sandbox, deliveries: deliveries ?? [thing as Delivery] };
};

/** All of them settled; the clock is run as far as that takes. */
export const settle = ({ sandbox, deliveries }: Subject): Promise<readonly DeliveryDetail[]> =>
  Promise.all(deliveries.map((delivery) => sandbox.settled(delivery)));

/** A delivery in a few lines, as a failure shows it. */
export const describeDelivery = ({ event, url, status, attempts }: DeliveryDetail): string =>
  [
    `${event} to ${url}: ${status}`,
    ...attempts.map(
      ({ number, outcome, error, started_at }) =>
        `  attempt ${number}  ${started_at}  ${outcome}${error === null ? '' : `  ${error}`}`,
    ),
  ].join('\n');

/** What a mounted handler threw, for the end of a failure's message. */
export const thrown = ({ errors }: Pick<Sandbox, 'errors'>): string =>
  errors.length === 0
    ? ''
    : `\n\nThe handler threw:\n${errors.map((error) => (error instanceof Error ? (error.stack ?? error.message) : String(error))).join('\n')}`;
