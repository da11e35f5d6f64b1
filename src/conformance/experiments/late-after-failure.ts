/**
 * What becomes of an event whose first try failed, when nothing more is done: it is retried by the receiver itself, or its
 * effect comes late, and later with each outage.
 *
 * @module
 */
import type { Shown } from '../histories/cause.ts';
import { FIX } from '../histories/remedies.ts';
import { waitFor } from '../hooks/hooks.ts';
import { deliver, effectsOf } from '../judge/deliver.ts';
import { whileFailing } from '../judge/failing-hook.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';

/** Longer than the usual delay between two tries. Milliseconds. */
const LATE_MS = 40_000;
const LATER_MS = 90_000;
const GROWS_BY = 1.5;
/** Shorter delays differ by accident. Milliseconds. */
const NOTICEABLE_MS = 1500;

/** @returns how long its effect takes from now; null when it does not come within the time */
const effectAfter = async (probe: Probe, { id }: Event, forMs: number): Promise<number | null> => {
  const begun = probe.wall.now();
  const ask = (): Promise<number> => effectsOf(probe).count(id);
  const count = await waitFor(probe.wall, ask, (now) => now > 0, { forMs, everyMs: 100 });
  return count > 0 ? probe.wall.now() - begun : null;
};

export interface Late {
  readonly firstMs: number;
  /** The same after another outage, when it takes clearly longer; else null. */
  readonly laterMs: number | null;
}

/**
 * @param event whose effect has not come yet, though it was accepted once processing worked again
 * @returns null when it does not come at all
 */
export const findLate = async (probe: Probe, event: Event): Promise<Late | null> => {
  const firstMs = await effectAfter(probe, event, LATE_MS);
  if (firstMs === null) return null;
  const next = probe.event();
  await whileFailing(probe, () => probe.post(next));
  await deliver(probe, next);
  const laterMs = await effectAfter(probe, next, LATER_MS);
  const isLater = laterMs === null || laterMs > Math.max(NOTICEABLE_MS, GROWS_BY * firstMs);
  return { firstMs, laterMs: isLater ? (laterMs ?? LATER_MS) : null };
};

/** Milliseconds: for a retry of the receiver's own. */
const BY_ITSELF_MS = 2000;

/** @returns the cause when an event that was refused has its effect without having been sent again */
export const explainOwnRetry = async (probe: Probe, shown: Shown): Promise<NamedCause | null> => {
  const { violation, played } = shown;
  const hasFailed = played.history.some(({ kind }) => kind === 'failed try');
  const { effects } = probe;
  if (violation.kind !== 'doubled' || !hasFailed || effects === null) return null;
  const event = probe.event();
  const during = await whileFailing(probe, async () => {
    const exchange = await probe.post(event);
    return isAccepted(exchange) || (await effects.count(event.id)) > 0;
  });
  if (during || (await effectAfter(probe, event, BY_ITSELF_MS)) === null) return null;
  return {
    key: 'doubled:own-retry',
    sentence:
      'An event that is refused because processing failed is retried by the receiver itself as well: it has its effect without being sent again, and the retry of the provider has it a second time.',
    fix: `Answer 2xx to what is queued, or do not queue what is answered 5xx. ${FIX.dedupe}`,
  };
};
