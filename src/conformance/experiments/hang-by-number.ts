/**
 * Whether a receiver that answers no event any longer has met its limit by number alone: after a restart, plain events one
 * at a time, without what seemed to be the cause.
 *
 * @module
 */
import { inDigitGroups } from '../../domain/digit-groups.ts';
import { restart } from '../judge/restart.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted, isTimedOut } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';
import { BACKLOG, explainOutage, isBackAfterRestart, isSilent } from './outage.ts';

const MAX_EVENTS = 1500;
const MAX_MS = 20_000;

/** Whether plain events get no response, more than one. */
export const isHung = async (probe: Probe): Promise<boolean> =>
  (await isSilent(probe, BACKLOG)) && isSilent(probe, BACKLOG);

/** @param count plain events that were answered before */
export const causeOfHang = (count: number, isRestarted: boolean): NamedCause => ({
  key: 'state:hang-by-number',
  sentence: `After about ${inDigitGroups(count)} plain events, no event gets a response any more${isRestarted ? ', until a restart' : ''}: each of them uses up something that is not given back, such as the pipe of a helper process, whose output is never read, a place in a pool or a handle.`,
  fix: 'Read what helper processes write to standard output and standard error, or send it to a file; give back connections, places and handles in `finally`.',
});

/** How many plain events are answered until none is; null while all are. */
const eventsUntilHung = async (probe: Probe): Promise<number | null> => {
  const until = probe.wall.now() + MAX_MS;
  for (let sent = 1; sent <= MAX_EVENTS && probe.wall.now() < until; sent += 1) {
    if (!isTimedOut(await probe.post(probe.event()))) continue;
    return (await isHung(probe)) ? sent : null;
  }
  return null;
};

/**
 * Leaves the receiver restarted.
 *
 * @returns the cause when forged requests, a crowd or plain events alone end the same way; null when none does, or without
 *   the restart hook
 */
export const explainHangByNumber = async (probe: Probe): Promise<NamedCause | null> => {
  const outage = await explainOutage(probe, null);
  if (outage !== null) return outage;
  if (probe.hooks.restart === undefined || !(await isBackAfterRestart(probe))) return null;
  if (!isAccepted(await restart(probe))) return null;
  const count = await probe.alone(() => eventsUntilHung(probe));
  if (count === null) return null;
  await restart(probe);
  return causeOfHang(count, true);
};
