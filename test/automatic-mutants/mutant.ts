/**
 * One mechanical change of a reference receiver.
 *
 * @module
 */
import type { ReceiverCommand } from './receiver-process.ts';

export interface AutomaticMutant {
  /** `node-http.ts:31 ConditionalExpression`. */
  readonly place: string;
  readonly original: string;
  readonly replacement: string;
  /** @param folder of its own, for its database */
  readonly command: (folder: string, secret: string) => ReceiverCommand;
}

/** A set of receiver and operators. */
export interface MutantSource {
  readonly name: string;
  /** Names of the files that are changed. */
  readonly files: readonly string[];
  /** Writes what has to be written, and lists the mutants. @param folder for what is written */
  readonly prepare: (folder: string) => Promise<readonly AutomaticMutant[]>;
}
