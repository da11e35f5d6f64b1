/**
 * Whether refusals now and then began with an outage: none after a restart, and some again after one event has failed.
 *
 * @module
 */
import { whileFailing } from '../judge/failing-hook.ts';
import { restart } from '../judge/restart.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';
import { isRefusedEvent, sideBySide } from './trial.ts';

const EVENTS = 64;
/** Together they reach every worker, thread or pooled connection. */
const AT_ONCE = 8;
const FAILURES = 8;

const refusedOf = async (probe: Probe, count: number): Promise<number> => {
  const events = Array.from({ length: count }, () => probe.event());
  const sent = await sideBySide(probe, events, (event) => probe.post(event), AT_ONCE);
  return sent.filter(isRefusedEvent).length;
};

/** @returns null without both hooks, or when a restart does not help */
export const explainTainted = async (probe: Probe): Promise<NamedCause | null> => {
  if (probe.hooks.restart === undefined || probe.hooks.fault === undefined) return null;
  if (!isAccepted(await restart(probe)) || (await refusedOf(probe, EVENTS)) > 0) return null;
  await whileFailing(probe, () => refusedOf(probe, FAILURES));
  const refused = await refusedOf(probe, EVENTS);
  if (refused === 0) return null;
  return {
    key: 'refused:by-number:since-failure',
    sentence: `Since processing failed, some valid events are refused, though it works again: ${refused} of ${EVENTS} after ${FAILURES} failures, and none after a restart. A thread, worker or pooled connection that has seen a failure keeps its mark, such as an aborted transaction.`,
    fix: 'Reset what belongs to a thread or a pooled connection on every path: roll back in `finally`, and clear thread-locals before the next event.',
  };
};
