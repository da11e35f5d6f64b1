/**
 * Parses a clock mode as given in options and flags: `realtime`, `skip`, `frozen`, or a rate such as `60x`.
 *
 * @module
 */
import type { ClockMode } from './port.ts';

/** At this rate, all four attempts of a delivery (35.5 min) take about 20 ms. */
export const MAX_CLOCK_RATE = 100_000;

export interface ClockSetting {
  readonly mode: ClockMode;
  /** Only with `scaled`. */
  readonly rate?: number;
}

/**
 * @returns null if `text` is invalid or the rate is out of range
 *
 * @example
 * ```ts
 * parseClockSetting('60x'); // { mode: 'scaled', rate: 60 }
 * parseClockSetting('skip'); // { mode: 'skip' }
 * ```
 */
export const parseClockSetting = (text: string): ClockSetting | null => {
  if (text === 'realtime' || text === 'skip' || text === 'frozen') return { mode: text };
  const rate = /^(\d+(?:\.\d+)?)x$/.exec(text)?.[1];
  if (rate === undefined) return null;
  const value = Number(rate);
  return value > 0 && value <= MAX_CLOCK_RATE ? { mode: 'scaled', rate: value } : null;
};
