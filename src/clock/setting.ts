/**
 * A clock's mode as people write it: `realtime`, `skip`, `frozen`, or a rate such as `60x`.
 *
 * @module
 */
import type { ClockMode } from './port.ts';

/** The fastest rate: at this one the whole retry ladder takes about 20 ms. */
export const FASTEST_RATE = 100_000;

export interface ClockSetting {
  readonly mode: ClockMode;
  /** Only with `scaled`. */
  readonly rate?: number;
}

/**
 * @returns null when `text` is none of the forms
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
  return value > 0 && value <= FASTEST_RATE ? { mode: 'scaled', rate: value } : null;
};
