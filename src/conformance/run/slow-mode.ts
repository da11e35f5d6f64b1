/**
 * Slow mode: the longer a receiver needs for a response, the more requests are sent side by side, and one that needs seconds
 * is judged with fewer repetitions. Only if that helps: one that works on one request at a time would time out, so it is
 * still judged in sequence.
 *
 * @module
 */
import type { Probe } from '../probe/probe.ts';
import type { Pace } from './pace.ts';

export interface SlowMode {
  /** Whether the receiver needs so long that requests run side by side, with fewer repetitions. */
  isOn(): boolean;
  /** Independent requests that may be in flight at the same time: one at a fast receiver, more the slower it is. */
  atOnce(): number;
  /** Find out, once, how many concurrent requests a receiver that turns out to be slow responds to in the same time. */
  look(probe: Probe): Promise<boolean>;
}

/** Requests in flight at the same time, outside of intentional bursts. */
export const MAX_IN_FLIGHT = 48;

/** Tried one after the other, up to the first that takes longer; of a slow receiver, few. */
const CROWDS = [4, 8, 16, MAX_IN_FLIGHT];
const SLOW_CROWDS = [8, MAX_IN_FLIGHT];

/** Concurrent responses may take this much longer than the average so far. */
const MAX_RATIO = 1.8;

/** Requests that take longer together are sent side by side. Milliseconds. */
const IN_TURN_MS = 25;

/** @param onFirst called once when the mode is switched on, with the average response time */
export const createSlowMode = (
  pace: Pick<Pace, 'isSlow' | 'isLeisurely' | 'acceptedMs'>,
  onFirst: (answerMs: number) => void,
): SlowMode => {
  let isOn = false;
  /** Requests that are answered in the same time as one; null until that was tried. */
  let capacity: number | null = null;

  const responds = async (probe: Probe, count: number, withinMs: number): Promise<boolean> => {
    const events = Array.from({ length: count }, () => probe.event());
    const sent = await Promise.all(events.map((event) => probe.post(event)));
    return sent.every(({ reply }) => reply.kind === 'answer' && reply.durationMs <= withinMs);
  };

  const capacityOf = async (probe: Probe): Promise<number> => {
    const withinMs = MAX_RATIO * pace.acceptedMs();
    let most = 1;
    for (const count of pace.isSlow() ? SLOW_CROWDS : CROWDS) {
      if (!(await responds(probe, count, withinMs))) break;
      most = count;
    }
    return most;
  };

  return {
    isOn: () => isOn,
    atOnce: () => {
      if (capacity === null || !pace.isLeisurely()) return isOn ? MAX_IN_FLIGHT : 1;
      return Math.max(1, Math.min(capacity, Math.round(pace.acceptedMs() / IN_TURN_MS)));
    },
    look: async (probe) => {
      if (isOn || !(pace.isLeisurely() || pace.isSlow())) return isOn;
      const answerMs = pace.acceptedMs();
      capacity ??= await capacityOf(probe);
      if (pace.isSlow() && capacity === MAX_IN_FLIGHT) {
        isOn = true;
        onFirst(answerMs);
      }
      return isOn;
    },
  };
};
