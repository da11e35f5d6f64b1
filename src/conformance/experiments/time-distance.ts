/**
 * Whether the distance of two times decides that their order is wrong, and from where on: the same hour, at growing
 * distances, back from two different days.
 *
 * @module
 */
import type { Probe } from '../probe/probe.ts';
import { bisect } from './minimise.ts';
import { tellStory, type Step, type Told } from './lead-story.ts';
import { sideBySide } from './trial.ts';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
/** Days. The numbers of milliseconds, seconds and minutes in 16 and 32 bits lie between. */
const DISTANCES = [1, 5, 10, 20, 24, 26, 30, 40, 48, 60, 100, 200, 360] as const;
/** Days from now to the newer of the two times: in different months, weeks and parts of a month. */
const BASES = [2, 15, 43] as const;

/** A state that is wrong is waited for at each distance. */
const PATIENCE_MS = 500;

const reply = (sentiment: string, at: number): Step => ({
  type: 'email.replied',
  data: { reply_sentiment: sentiment },
  envelope: { timestamp: `${new Date(at).toISOString().slice(0, 19)}Z` },
});

/** Two moments, milliseconds since 1970. */
export interface Moments {
  readonly older: number;
  readonly newer: number;
}

/** Whether the older reply wins, delivered first or last; null when nothing can be said. */
const isWrong = async (probe: Probe, { older, newer }: Moments): Promise<boolean | null> => {
  const [early, late] = [reply('negative', older), reply('positive', newer)];
  const told = await sideBySide(probe, [[late, early] as const, [early, late] as const], (steps) =>
    tellStory(probe, { steps, expected: { sentiment: 'positive' } }, undefined, PATIENCE_MS),
  );
  if (told.some(({ isUnclear }: Told) => isUnclear)) return null;
  return told.some(({ wrong }) => wrong.length > 0);
};

/** The result for a distance, if it is the same from each base; else null. */
const areWrong = async (probe: Probe, hours: number): Promise<boolean | null> => {
  const now = probe.wall.now();
  const results = await sideBySide(probe, BASES, (days) => {
    const newer = now - days * DAY_HOURS * HOUR_MS;
    return isWrong(probe, { older: newer - hours * HOUR_MS, newer });
  });
  return results.every((one) => one === results[0]) ? results[0]! : null;
};

/** Where a distance in milliseconds no longer fits into 32 bits. */
const OVERFLOW_HOURS = 2 ** 31 / HOUR_MS;

const days = (hours: number): string => `${Math.round((hours / DAY_HOURS) * 10) / 10} days`;

export interface Distance {
  /** Completes "Gets the order of two replies wrong when …". */
  readonly phrase: string;
  readonly evidence: string;
  readonly fix: string;
}

/**
 * @param seen pairs whose order was wrong
 * @returns null when a pair is wrong that lies closer than the limit, or the result depends on the days themselves
 */
export const explainByDistance = async (
  probe: Probe,
  seen: readonly Moments[],
): Promise<Distance | null> => {
  if (probe.isSlow()) return null;
  const results: (readonly [distance: number, isWrong: boolean])[] = [];
  for (const distance of DISTANCES) {
    const wrong = await areWrong(probe, distance * DAY_HOURS);
    if (wrong === null) return null;
    results.push([distance, wrong]);
  }
  const place = results.findIndex(([, wrong]) => wrong);
  if (place < 1) return null;
  const [good, bad] = [results[place - 1]![0], results[place]![0]];
  const shows = async (hours: number): Promise<boolean> => (await areWrong(probe, hours)) === true;
  const edge = await bisect(good * DAY_HOURS, bad * DAY_HOURS, shows);
  if (seen.some(({ older, newer }) => newer - older <= edge.good * HOUR_MS)) return null;
  const isOverflow = edge.good <= OVERFLOW_HOURS && OVERFLOW_HOURS <= edge.bad;
  const at = (wanted: boolean): string =>
    results.flatMap(([distance, wrong]) => (wrong === wanted ? [distance] : [])).join(', ');
  return {
    phrase: `they are more than ${days(edge.good)} apart${isOverflow ? ', where their difference in milliseconds no longer fits into 32 bits' : ''}`,
    evidence: `From ${BASES.length} different days, the order is wrong at a distance of ${at(true)} days, and right at ${at(false)} days.`,
    fix: 'Compare two times with `<` or a comparison function, and not by a difference that is stored in a smaller type (Java: `Instant.compareTo` and not `(int) (a - b)`).',
  };
};
