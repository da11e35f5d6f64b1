/**
 * Slow mode: a receiver that needs seconds for every response is judged with requests side by side and fewer repetitions.
 * Only if that helps: one that works on one request at a time would time out, so it is still judged in sequence.
 *
 * @module
 */
import type { Probe } from '../probe/probe.ts';
import type { Pace } from './pace.ts';

export interface SlowMode {
  isOn(): boolean;
  /** Find out, once, whether a receiver that turns out to be slow responds to concurrent requests in the same time. */
  look(probe: Probe): Promise<boolean>;
}

/** Requests in flight at the same time, outside of intentional bursts. */
export const MAX_IN_FLIGHT = 48;

/** Concurrent responses may take this much longer than the average so far. */
const MAX_RATIO = 1.8;

/** @param onFirst called once when the mode is switched on, with the average response time */
export const createSlowMode = (
  pace: Pick<Pace, 'isSlow' | 'averageMs'>,
  onFirst: (answerMs: number) => void,
): SlowMode => {
  let isOn: boolean | null = null;

  const responds = async (probe: Probe, withinMs: number): Promise<boolean> => {
    const events = Array.from({ length: MAX_IN_FLIGHT }, () => probe.event());
    const sent = await Promise.all(events.map((event) => probe.post(event)));
    return sent.every(({ reply }) => reply.kind === 'answer' && reply.durationMs <= withinMs);
  };

  return {
    isOn: () => isOn === true,
    look: async (probe) => {
      if (isOn !== null || !pace.isSlow()) return isOn === true;
      const answerMs = pace.averageMs();
      isOn = await responds(probe, MAX_RATIO * answerMs);
      if (isOn) onFirst(answerMs);
      return isOn;
    },
  };
};
