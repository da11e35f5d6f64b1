/**
 * Whether forged requests make the receiver refuse valid events for a while: one forgery after the other, each followed by a
 * valid event. The control: as many valid events and more, which must all be accepted.
 *
 * @module
 */
import { stopwatch } from '../net/stopwatch.ts';
import { sleep } from '../hooks/hooks.ts';
import { wrongSignature } from '../judge/forgeries.ts';
import { isThrottled } from '../net/throttle.ts';
import type { Probe } from '../probe/probe.ts';
import { describeReply, isAccepted } from '../verdict.ts';
import { rememberCause, type NamedCause } from './known-causes.ts';
import { onceAlone } from './once-alone.ts';

const MAX_FORGERIES = 24;
/** One that lasts longer is the subject of another experiment. Milliseconds. */
const ENDS_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 100;
/** One that ends with the next request is no matter of time. Milliseconds. */
const MIN_LOCK_MS = 300;

/** Milliseconds until a valid event is accepted; null if that takes too long. */
const lockedFor = async (probe: Probe): Promise<number | null> => {
  const elapsed = stopwatch();
  while (!isAccepted(await probe.post(probe.event()))) {
    if (elapsed() > ENDS_WITHIN_MS || probe.signal?.aborted === true) return null;
    await sleep(probe.wall, LOOK_EVERY_MS);
  }
  return elapsed();
};

const acceptsAll = async (probe: Probe, count: number): Promise<boolean> => {
  for (let sent = 0; sent < count; sent += 1)
    if (!isAccepted(await probe.post(probe.event()))) return false;
  return true;
};

const experiment = async (probe: Probe): Promise<NamedCause | null> => {
  if ((await lockedFor(probe)) === null) return null;
  for (let sent = 1; sent <= MAX_FORGERIES; sent += 1) {
    const forged = await probe.post(probe.event(), { signature: wrongSignature(probe) });
    if (isAccepted(forged)) return null;
    const valid = await probe.post(probe.event());
    if (isAccepted(valid)) continue;
    if (isThrottled(valid) || valid.reply.kind === 'none') return null;
    const ms = await lockedFor(probe);
    if (ms === null || ms < MIN_LOCK_MS || !(await acceptsAll(probe, 2 * sent))) return null;
    const cause = {
      key: 'refused:after-forgeries',
      sentence: `After ${sent} forged ${sent === 1 ? 'request' : 'requests'} with a wrong signature, every valid event is refused for about ${(ms / 1000).toFixed(1)} s (${describeReply(valid.reply)}): anyone who knows the URL can stop the events of the provider, as where an address is blocked after some attempts; ${2 * sent} valid events in a row are accepted.`,
      fix: 'Do not count wrong signatures against an address: all events come from the addresses of the provider or a proxy, and anyone can send forgeries. Answer 401 to each, and nothing more.',
    };
    rememberCause(probe, 'refused', cause);
    return cause;
  }
  return null;
};

/** Tried once in a run. @returns the cause, which is remembered; null when forgeries lock no one out for a while */
export const explainLockout = (probe: Probe): Promise<NamedCause | null> =>
  onceAlone(probe, 'lockout', () => experiment(probe));
