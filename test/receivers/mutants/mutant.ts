/**
 * A receiver with one fault, and which checks claim to catch it.
 *
 * @module
 */
import type { ModelReceiver } from '../model/receiver.ts';

export interface Mutant {
  /** `area-what-is-wrong`, unique. */
  readonly name: string;
  /** What is wrong, as its developer would put it in the commit that fixes it. */
  readonly fault: string;
  readonly make: (secret: string) => ModelReceiver;
  /** Hooks that the run must not have, where the fault shows only without them. */
  readonly without?: readonly (
    | 'effects'
    | 'state'
    | 'fault'
    | 'restart'
    | 'recover'
    | 'campaign'
  )[];
  /** Ids of other checks that are expected to fail, too, each with its reason: the same fault seen from another side. */
  readonly also?: Readonly<Record<string, string>>;
}

/** What a family of mutants does not say of itself. */
export type MoreOfMutant = Omit<Partial<Mutant>, 'name' | 'fault' | 'make'>;
