/**
 * Whether a check of the run has shown that a restart loses what was known of leads.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import type { Probe } from '../probe/probe.ts';

const markOf = ({ memory }: Probe): { isLost: boolean } =>
  memory.once('lost by restart', () => ({ isLost: false }));

export const lostByRestart = (probe: Probe): boolean => markOf(probe).isLost;

/** @returns the failure, which is remembered */
export const failLostByRestart = <T extends Verdict>(probe: Probe, failure: T): T => {
  markOf(probe).isLost = true;
  return failure;
};
