/**
 * What is known of the file in memory, and kept up to date with every write.
 *
 * @module
 */
import type { Blocks } from './blocks.ts';
import type { Counters } from './counters.ts';
import type { InFlight } from './in-flight.ts';
import type { Tallies } from './tallies.ts';

export interface Caches {
  readonly inFlight: InFlight;
  readonly tallies: Tallies;
  readonly blocks: Blocks;
  readonly counters: Counters;
}
