/**
 * Types of the matchers, for vitest's `expect`.
 *
 * vitest's own interface for custom matchers has no type parameters before 3.2, one in 3.2 and 4, and two since 5, and
 * a declaration must repeat them exactly. `Chai.Assertion` and `AsymmetricMatchersContaining` have none in any version.
 *
 * @module
 */
import 'vitest';
import type { EventType } from '../../schemas/contract.ts';

declare global {
  // The types of chai are a namespace, so only a namespace can extend them.
  namespace Chai {
    interface Assertion {
      /** Every delivery ends as delivered. Advances the clock as needed. Await it. */
      toBeDelivered(): Promise<void>;
      /** Every delivery ends as a dead letter. Advances the clock as needed. Await it. */
      toBeDeadLettered(): Promise<void>;
      /** Every delivery takes `count` attempts until it is settled. Await it. */
      toHaveAttempts(count: number): Promise<void>;
      /** A sandbox, or one registered receiver, has received an event of this type whose data include `data`. Await it. */
      toHaveReceivedEvent(type: EventType, data?: object): Promise<void>;
      /** Every attempt, or one `{body, headers}`, is signed with this secret. Await it. */
      toBeSignedWith(secret: string): Promise<void>;
      /** A valid event of the contract, as an object or as JSON text. */
      toMatchEventSchema(type?: EventType): void;
      /** This schema (zod, or any Standard Schema) accepts every valid event of this type. Await it. */
      toAcceptEvery(type: EventType): Promise<void>;
    }
  }
}

declare module 'vitest' {
  interface AsymmetricMatchersContaining {
    /** Matches a valid event of the contract, as an object or as JSON text. */
    toMatchEventSchema(type?: EventType): unknown;
  }
}
