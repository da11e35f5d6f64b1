/**
 * A receiver that is up and answers no event any more: since when, and why.
 *
 * @module
 */
import { HookError } from '../hooks/hooks.ts';
import { restart } from '../judge/restart.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { explainHangByNumber } from './hang-by-number.ts';
import { knownCause, rememberCause, type NamedCause } from './known-causes.ts';
import { BACKLOG, isSilent } from './outage.ts';

/** Whether it is silent permanently: twice no response. */
export const isHungForGood = async (probe: Probe): Promise<boolean> =>
  (await Promise.all([isSilent(probe, BACKLOG), isSilent(probe, BACKLOG)])).every(Boolean);

/** A cause that lasts, which a check has found already. */
const lastingCause = (probe: Probe): NamedCause | null => {
  const known = knownCause(probe, 'refused');
  return known !== null && /^(state|hang|since):/.test(known.key) ? known : null;
};

/** What is left to say where no experiment explains it. */
const sinceRequest = (by: string): NamedCause => ({
  key: 'hang:permanent',
  sentence: `Since a request of ${by}, no event gets a response any more: it keeps a worker, a lock or a place in a pool, or the event loop is blocked.`,
  fix: 'Take a dump of all threads (or the stack of the process) while it hangs, and look what they wait for; give up waiting after a second, and give back in `finally` what a request has taken.',
});

/**
 * Leaves the receiver restarted where there is a restart hook.
 *
 * @param by id of the check behind which it was seen
 */
export const explainHang = async (probe: Probe, by: string): Promise<NamedCause> => {
  const known = lastingCause(probe);
  if (known !== null) return known;
  const cause = (await explainHangByNumber(probe)) ?? sinceRequest(by);
  rememberCause(probe, 'refused', cause);
  return cause;
};

/** @returns whether it takes events again; false without a restart hook */
export const revive = async (probe: Probe): Promise<boolean> => {
  if (probe.hooks.restart === undefined) return false;
  try {
    return isAccepted(await restart(probe));
  } catch (error) {
    if (error instanceof HookError) return false;
    throw error;
  }
};
