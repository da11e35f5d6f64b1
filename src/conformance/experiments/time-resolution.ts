/**
 * Whether two times are confused because they lie close together: the distances at which the order of two replies goes
 * wrong, at many moments, give the resolution with which times are kept.
 *
 * @module
 */
import { sleep } from '../hooks/hooks.ts';
import { STILL_MS, stillMsOf } from '../judge/lead.ts';
import type { Probe } from '../probe/probe.ts';
import { tellStory, type Step } from './lead-story.ts';
import { settle } from './snapshot.ts';
import { sideBySide } from './trial.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** Seconds. */
const DISTANCES = [
  1,
  3,
  10,
  20,
  45,
  MINUTE,
  100,
  200,
  400,
  900,
  1800,
  HOUR,
  2 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  5 * DAY,
] as const;

/** Pairs at each distance. With a grid of the resolution, a distance of half of it is wrong for half of them. */
const MOMENTS = 8;
/** Seconds from one pair to the next: they meet a grid of any usual width at different places. */
const STRIDE = 8677;
const reply = (sentiment: string, atMs: number): Step => ({
  type: 'email.replied',
  data: { reply_sentiment: sentiment },
  envelope: { timestamp: `${new Date(atMs).toISOString().slice(0, 19)}Z` },
});

/** Two replies of a lead, the older one delivered first or last. @returns the address; null when one was not accepted */
const sendPair = async (
  probe: Probe,
  newerMs: number,
  seconds: number,
  isLate: boolean,
): Promise<string | null> => {
  const newer = reply('positive', newerMs);
  const older = reply('negative', newerMs - seconds * 1000);
  const story = { steps: isLate ? [newer, older] : [older, newer], expected: {} };
  const { email, isUnclear } = await tellStory(probe, story);
  return isUnclear ? null : email;
};

/** Share of the pairs at a distance whose order is wrong; null when nothing can be said. */
const shareWrong = async (probe: Probe, seconds: number): Promise<number | null> => {
  const now = probe.wall.now() - DAY * 1000;
  const moments = Array.from({ length: MOMENTS }, (_, at) => now - at * STRIDE * 1000);
  const pairs = moments.flatMap((ms) => [[ms, true] as const, [ms, false] as const]);
  const emails = await sideBySide(probe, pairs, ([ms, isLate]) =>
    sendPair(probe, ms, seconds, isLate),
  );
  await settle(probe);
  // A state that has lagged behind its effects before does so again.
  if (stillMsOf(probe) > STILL_MS) await sleep(probe.wall, stillMsOf(probe));
  const wrong = await sideBySide(probe, emails, async (email) => {
    if (email === null) return null;
    const { known, sentiment } = await probe.hooks.state!(email);
    return known ? sentiment !== 'positive' : null;
  });
  if (wrong.includes(null)) return null;
  return (
    moments.filter((_, at) => wrong[2 * at] === true || wrong[2 * at + 1] === true).length / MOMENTS
  );
};

export interface Resolution {
  /** The largest distance at which an order was wrong, and the smallest from which on none was. */
  readonly wrongS: number;
  readonly rightS: number;
  readonly shares: readonly (readonly [seconds: number, share: number])[];
}

/** A share may be larger than at a smaller distance by chance, by this much. */
const CHANCE = 0.5;

/** @returns null when the order is not wrong for close times only */
export const findResolution = async (probe: Probe): Promise<Resolution | null> => {
  if (probe.isSlow()) return null;
  // An order that is wrong at every distance is another fault.
  if ((await shareWrong(probe, DISTANCES.at(-1)!)) !== 0) return null;
  const shares: (readonly [number, number])[] = [];
  for (const seconds of DISTANCES) {
    const share = await shareWrong(probe, seconds);
    if (share === null) return null;
    shares.push([seconds, share]);
    // Two distances in a row without a fault, behind some with one.
    const isOver = shares.length > 2 && shares.slice(-2).every(([, one]) => one === 0);
    if (isOver && shares.some(([, one]) => one > 0)) break;
  }
  const wrong = shares.filter(([, share]) => share > 0);
  const [first] = shares;
  const last = wrong.at(-1);
  const right = shares.find(([seconds]) => last !== undefined && seconds > last[0]);
  if (first === undefined || last === undefined || right === undefined) return null;
  const isFalling = shares.every(
    ([, share], at) => at === 0 || share <= shares[at - 1]![1] + CHANCE,
  );
  if (first[1] < 0.5 || !isFalling) return null;
  return { wrongS: last[0], rightS: right[0], shares };
};

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [DAY, 'days'],
  [HOUR, 'hours'],
  [MINUTE, 'minutes'],
  [1, 's'],
];

const span = (seconds: number): string => {
  const [size, name] = UNITS.find(([one]) => seconds >= 1.5 * one) ?? [1, 's'];
  return `${Math.round((10 * seconds) / size) / 10} ${name}`;
};

/** How a time that is cut or rounded comes about, by its resolution. */
const originOf = ({ wrongS, rightS }: Resolution): string => {
  const lies = (seconds: number): boolean => wrongS < seconds && seconds <= rightS;
  if (lies(MINUTE)) return 'the seconds are cut off';
  if (lies(HOUR)) return 'minutes and seconds are cut off';
  if (lies(DAY)) return 'only the date is compared';
  if (wrongS >= MINUTE && rightS <= 400) {
    return 'as by a floating-point number of 32 bits, which holds the seconds since 1970 to two minutes';
  }
  return rightS <= 3
    ? 'as by a comparison that takes neighbouring seconds for equal'
    : 'as by a number that is too small for them, or a tolerance';
};

export interface NamedResolution {
  readonly key: string;
  readonly diagnosis: string;
  readonly fix: string;
}

const explain = async (probe: Probe): Promise<NamedResolution | null> => {
  const found = await findResolution(probe);
  if (found === null) return null;
  const { wrongS, rightS, shares } = found;
  const table = shares
    .map(([seconds, share]) => `${span(seconds)}: ${Math.round(share * MOMENTS)} of ${MOMENTS}`)
    .join(', ');
  return {
    key: 'state:sentiment:timestamp:resolution',
    diagnosis: `Gets the order of two replies wrong when they are close together, up to ${span(wrongS)} apart but not ${span(rightS)}: times are kept or compared with a resolution of about ${span((wrongS + rightS) / 2)}, ${originOf(found)}. Wrong by distance: ${table}.`,
    fix: 'Keep the whole timestamp (milliseconds or seconds in 64 bits, or the text of RFC 3339) and compare it without rounding or tolerance; equal times only are a tie.',
  };
};

/** Made once in a run. @returns null when the order is not wrong for close times only */
export const explainByResolution = (probe: Probe): Promise<NamedResolution | null> =>
  probe.memory.once('resolution of times', () => explain(probe));
