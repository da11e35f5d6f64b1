/**
 * How long a receiver remembers an id: events that are repeated after growing pauses, with nothing between.
 *
 * @module
 */
import { sleep } from '../hooks/hooks.ts';
import { deliver, effectsOf, settleBehind } from '../judge/deliver.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { knowsCause, rememberCause, type NamedCause } from './known-causes.ts';

const PAUSES_MS = [500, 1000, 2000, 5000, 10_000, 20_000, 35_000];

/** Key of the cause that ids are forgotten after a time. */
export const IDS_EXPIRE = 'doubled:later';

/** @returns whether a repeat after this pause, and nothing else, took effect again */
export const isForgottenAfter = async (probe: Probe, pauseMs: number): Promise<boolean> => {
  const event = probe.event();
  if (!isAccepted(await deliver(probe, event))) return false;
  if ((await effectsOf(probe).settled(event.id, 1)) !== 1) return false;
  await sleep(probe.wall, pauseMs);
  await deliver(probe, event);
  await settleBehind(probe);
  return (await effectsOf(probe).settled(event.id, 1)) > 1;
};

/**
 * @param knownMs after this time a repeat was seen to take effect again
 * @returns the cause when time alone explains it; null when it does not
 */
export const explainByTime = async (probe: Probe, knownMs: number): Promise<NamedCause | null> => {
  // A repeat at once that has an effect shows that time is not the cause.
  if (knowsCause(probe, 'doubled') || (await isForgottenAfter(probe, 0))) return null;
  const pauses = [...PAUSES_MS.filter((ms) => ms < knownMs), Math.ceil(knownMs)];
  const forgotten = await Promise.all(pauses.map((ms) => isForgottenAfter(probe, ms)));
  const place = forgotten.indexOf(true);
  if (place === -1) return null;
  const seconds = Math.round(pauses[place]! / 100) / 10;
  const cause = {
    key: IDS_EXPIRE,
    sentence: `A repeat takes effect again ${seconds} s after its event, with nothing between them: ids expire too early, as in a cache with a short time to live.`,
    fix: 'Keep ids for days, in a table with a unique key or in Redis with a time to live longer than all retries (35 minutes).',
  };
  rememberCause(probe, 'doubled', cause);
  return cause;
};
