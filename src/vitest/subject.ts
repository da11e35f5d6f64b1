/**
 * Resolves the value that a matcher was called on to deliveries.
 *
 * @module
 */
import type { Delivery, DeliveryDetail } from '../../schemas/sandbox.ts';
import { sandboxOf, type Sandbox } from './sandbox.ts';

/** A matcher was called on an unsuitable value. */
export class MatcherError extends Error {
  override readonly name = 'MatcherError';
}

const describe = (thing: unknown): string => {
  if (thing === null || typeof thing !== 'object') return String(thing);
  return thing instanceof Promise ? 'a promise (await it first)' : 'an object of another kind';
};

/** Hint for a fixture conflict: of two fixtures with the same name, vitest silently uses the later one. */
const conflictHint = (thing: unknown): string =>
  thing === null || typeof thing !== 'object' || thing instanceof Promise
    ? ''
    : ' If it came from your own fixture named "sandbox", that fixture has replaced the one of sendemall-mock/vitest. Rename it.';

export interface Subject {
  readonly sandbox: Sandbox;
  readonly deliveries: readonly Delivery[];
}

/**
 * Resolve the result of `sandbox.trigger`, or one of its deliveries.
 *
 * @param matcher its name, for error messages
 * @throws {MatcherError} for any other value, and for an event without subscribers
 */
export const subjectOf = (thing: unknown, matcher: string): Subject => {
  const sandbox = sandboxOf(thing);
  if (sandbox === null || thing === sandbox) {
    throw new MatcherError(
      `${matcher}() requires the result of sandbox.trigger(), or one of its deliveries; it was called on ${describe(thing)}.${conflictHint(thing)}`,
    );
  }
  const { deliveries, id } = thing as { deliveries?: readonly Delivery[]; id?: string };
  if (deliveries === undefined && id === undefined) {
    throw new MatcherError(
      `${matcher}() requires the result of sandbox.trigger(); it was called on a registered receiver.`,
    );
  }
  if (deliveries?.length === 0) {
    throw new MatcherError(
      `${matcher}(): the event has no subscribers. Register a receiver first: await sandbox.register(…).`,
    );
  }
  return { sandbox, deliveries: deliveries ?? [thing as Delivery] };
};

/** Wait until all deliveries have settled, advancing the clock as needed. */
export const settle = ({ sandbox, deliveries }: Subject): Promise<readonly DeliveryDetail[]> =>
  Promise.all(deliveries.map((delivery) => sandbox.settled(delivery)));

/** Describe a delivery and its attempts for a failure message. */
export const describeDelivery = ({ event, url, status, attempts }: DeliveryDetail): string =>
  [
    `${event} to ${url}: ${status}`,
    ...attempts.map(
      ({ number, outcome, error, started_at }) =>
        `  attempt ${number}  ${started_at}  ${outcome}${error === null ? '' : `  ${error}`}`,
    ),
  ].join('\n');

/** Errors of mounted handlers, to append to a failure message; empty without errors. */
export const thrown = ({ errors }: Pick<Sandbox, 'errors'>): string =>
  errors.length === 0
    ? ''
    : `\n\nThe handler threw:\n${errors.map((error) => (error instanceof Error ? (error.stack ?? error.message) : String(error))).join('\n')}`;
