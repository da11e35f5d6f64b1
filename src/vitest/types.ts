/**
 * The matchers' types, for vitest's `expect`.
 *
 * @module
 */
import 'vitest';
import type { EventType } from '../../schemas/contract.ts';

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /** Every delivery ends as delivered; the clock is run as far as that takes. Await it. */
    toBeDelivered(): Promise<void>;
    /** Every delivery ends as a dead letter; the clock is run as far as that takes. Await it. */
    toBeDeadLettered(): Promise<void>;
    /** Every delivery takes so many attempts until it is settled. Await it. */
    toHaveAttempts(count: number): Promise<void>;
    /** A sandbox, or one registered receiver, has taken an event of this type whose data include these. Await it. */
    toHaveReceivedEvent(type: EventType, data?: object): Promise<void>;
    /** Every attempt, or one `{body, headers}`, is signed with this secret. Await it. */
    toBeSignedWith(secret: string): Promise<void>;
    /** It is an event of the contract, as an object or as JSON text. */
    toMatchEventSchema(type?: EventType): R;
    /** This schema (zod, or any Standard Schema) takes every event of this type that the contract allows. Await it. */
    toAcceptEvery(type: EventType): Promise<void>;
  }
}
