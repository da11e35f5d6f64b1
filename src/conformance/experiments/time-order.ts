/**
 * Whether the newer of two replies stays, at hours and dates where the reading of times goes wrong.
 *
 * @module
 */
import type { Level, Verdict } from '../check.ts';
import type { Probe } from '../probe/probe.ts';
import { fail, notTested, pass } from '../verdict.ts';
import { stillWrong, tellStory, type Step, type Story, type Told } from './lead-story.ts';
import { explainByDistance, type Moments } from './time-distance.ts';
import { explainByResolution } from './time-resolution.ts';
import { sideBySide } from './trial.ts';

const DAY_MS = 86_400_000;

interface Pair {
  readonly name: string;
  readonly level: Level;
  /** Completes "Gets the order of two replies wrong when …". */
  readonly phrase: string;
  /** Two moments, each `days ago` or a date, and a time. */
  readonly older: readonly [day: number | string, time: string];
  readonly newer: readonly [day: number | string, time: string];
}

/** Times of the day before, which every receiver must take. */
const CLOCK: readonly Pair[] = [
  {
    name: 'noon-hour',
    level: 'MUST',
    phrase: 'the newer one is between 12:00 and 12:59 and the older one in the morning',
    older: [1, '09:15:00'],
    newer: [1, '12:30:00'],
  },
  {
    name: 'noon',
    level: 'MUST',
    phrase: 'noon lies between them',
    older: [1, '11:59:59'],
    newer: [1, '12:00:00'],
  },
  {
    name: 'afternoon',
    level: 'MUST',
    phrase: 'the newer one is after 12:59',
    older: [1, '12:30:00'],
    newer: [1, '13:05:00'],
  },
  {
    name: 'morning-evening',
    level: 'MUST',
    phrase: 'one is in the morning and one in the afternoon',
    older: [1, '09:30:00'],
    newer: [1, '15:10:00'],
  },
  {
    name: 'first-hour',
    level: 'MUST',
    phrase: 'the older one is in the first hour of the day',
    older: [1, '00:30:00'],
    newer: [1, '01:15:00'],
  },
  {
    name: 'ten',
    level: 'MUST',
    phrase: 'ten o’clock lies between them',
    older: [1, '09:59:59'],
    newer: [1, '10:00:00'],
  },
  {
    name: 'one-second',
    level: 'MUST',
    phrase: 'they are one second apart',
    older: [1, '14:20:09'],
    newer: [1, '14:20:10'],
  },
  {
    name: 'one-minute',
    level: 'MUST',
    phrase: 'they are within a minute of an hour',
    older: [1, '16:59:30'],
    newer: [1, '17:00:10'],
  },
  {
    name: 'midnight',
    level: 'MUST',
    phrase: 'midnight lies between them',
    older: [2, '23:59:59'],
    newer: [1, '00:00:01'],
  },
  {
    name: 'next-day',
    level: 'MUST',
    phrase: 'the newer one is of the next day at an earlier hour',
    older: [2, '18:00:00'],
    newer: [1, '08:00:00'],
  },
];

const DATES: readonly Pair[] = [
  {
    name: 'month-end',
    level: 'SHOULD',
    phrase: 'the end of a month lies between them',
    older: ['10-31', '10:00:00'],
    newer: ['11-01', '09:00:00'],
  },
  {
    name: 'tenth-month',
    level: 'SHOULD',
    phrase: 'one is in September and one in October',
    older: ['09-30', '10:00:00'],
    newer: ['10-01', '09:00:00'],
  },
  {
    name: 'day-and-month',
    level: 'SHOULD',
    phrase: 'day and month could be mistaken for each other',
    older: ['03-04', '10:00:00'],
    newer: ['04-03', '10:00:00'],
  },
  {
    name: 'year-end',
    level: 'SHOULD',
    phrase: 'the end of a year lies between them',
    older: ['12-31', '23:59:59'],
    newer: ['+01-01', '00:00:01'],
  },
  {
    name: 'summer-time-ends-europe',
    level: 'SHOULD',
    phrase: 'the end of summer time in Europe lies between them',
    older: ['2026-10-25', '00:30:00'],
    newer: ['2026-10-25', '01:15:00'],
  },
  {
    name: 'summer-time-ends-america',
    level: 'SHOULD',
    phrase: 'the end of summer time in America lies between them',
    older: ['2026-11-01', '05:30:00'],
    newer: ['2026-11-01', '06:15:00'],
  },
  {
    name: 'skipped-hour-america',
    level: 'SHOULD',
    phrase:
      'the older one is in the hour that daylight saving time skips in America, though both are in UTC',
    older: ['2026-03-08', '02:30:00'],
    newer: ['2026-03-08', '03:10:00'],
  },
  {
    name: 'skipped-hour-europe',
    level: 'SHOULD',
    phrase: 'the older one is in the hour that summer time skips in Europe, though both are in UTC',
    older: ['2026-03-29', '02:30:00'],
    newer: ['2026-03-29', '03:10:00'],
  },
  {
    name: 'skipped-hour-britain',
    level: 'SHOULD',
    phrase:
      'the older one is in the hour that summer time skips in Britain, though both are in UTC',
    older: ['2026-03-29', '01:30:00'],
    newer: ['2026-03-29', '02:10:00'],
  },
  {
    name: 'week-year',
    level: 'SHOULD',
    phrase:
      'the older one is in the last days of a year, which a week-based year (YYYY) counts to the next',
    older: ['2024-12-31', '10:00:00'],
    newer: ['2025-01-02', '10:00:00'],
  },
  {
    name: 'leap-day',
    level: 'SHOULD',
    phrase: 'the older one is on 29 February',
    older: ['2024-02-29', '10:00:00'],
    newer: ['2024-03-01', '09:00:00'],
  },
];

const dateOf = (day: number | string, now: number): string => {
  if (typeof day === 'number') return new Date(now - day * DAY_MS).toISOString().slice(0, 10);
  if (/^\d{4}-/.test(day)) return day;
  // The last year of which all dates are past.
  const year = new Date(now).getUTCFullYear() - 1;
  return day.startsWith('+')
    ? `${year}-${day.slice(1)}`
    : `${day === '12-31' ? year - 1 : year}-${day}`;
};

const moment = ([day, time]: Pair['older'], now: number): string => `${dateOf(day, now)}T${time}Z`;

const reply = (sentiment: string, timestamp: string): Step => ({
  type: 'email.replied',
  data: { reply_sentiment: sentiment },
  envelope: { timestamp },
});

const storyOf = (steps: readonly Step[], sentiment: string): Story => ({
  steps,
  expected: { sentiment },
});

/** The newer reply first and then the older one; and the other way round. */
const storiesOf = (pair: Pair, now: number): readonly Story[] => {
  const older = reply('negative', moment(pair.older, now));
  const newer = reply('positive', moment(pair.newer, now));
  return [storyOf([newer, older], 'positive'), storyOf([older, newer], 'positive')];
};

/** Both times are taken on their own: it is their order that is wrong. */
const isOrder = async (probe: Probe, pair: Pair): Promise<boolean> => {
  const now = probe.wall.now();
  const told = await sideBySide(probe, [pair.older, pair.newer], (at) =>
    tellStory(probe, storyOf([reply('neutral', moment(at, now))], 'neutral')),
  );
  return told.every(({ wrong, isUnclear }) => wrong.length === 0 && !isUnclear);
};

interface Wrong {
  readonly pair: Pair;
  readonly story: Story;
  readonly told: Told;
  readonly isLate: boolean;
}

/** The time of day, where both are of one day; else with the date. */
const shortest = (older: string, newer: string): readonly [older: string, newer: string] =>
  older.slice(0, 10) === newer.slice(0, 10)
    ? [older.slice(11, 19), newer.slice(11, 19)]
    : [older, newer];

const momentsOf = ({ pair }: Wrong, now: number): Moments => ({
  older: Date.parse(moment(pair.older, now)),
  newer: Date.parse(moment(pair.newer, now)),
});

/** Of times that are farther apart, their resolution is not the matter. */
const CLOSE_MS = 2 * DAY_MS;

const FIX =
  'Read the timestamp as RFC 3339 in UTC (not in the time zone of the machine), with a 24-hour clock (Java: HH and not hh; Python: %H and not %I), and compare moments and not texts.';

const alsoWrong = ({ pair }: Wrong, others: readonly Wrong[]): string => {
  const more = others.map((one) => one.pair.phrase).filter((one) => one !== pair.phrase);
  return more.length === 0 ? '' : ` Also wrong when ${[...new Set(more)].join('; when ')}.`;
};

const failFor = async (probe: Probe, wrong: readonly Wrong[]): Promise<Verdict> => {
  const [first, ...others] = wrong as readonly [Wrong, ...Wrong[]];
  const { pair, told, isLate } = first;
  const now = probe.wall.now();
  const [older, newer] = [moment(pair.older, now), moment(pair.newer, now)];
  const { older: olderMs, newer: newerMs } = momentsOf(first, now);
  const close = newerMs - olderMs <= CLOSE_MS ? await explainByResolution(probe) : null;
  const [loser, winner] = shortest(older, newer).toReversed();
  const distance =
    pair.level === 'SHOULD' && close === null
      ? await explainByDistance(
          probe,
          wrong.map((one) => momentsOf(one, now)),
        )
      : null;
  return fail({
    key: `state:sentiment:timestamp:${distance === null ? pair.name : 'distance'}`,
    level: pair.level,
    expected: [`"positive", from the reply of ${newer}`],
    actual: `${JSON.stringify(told.state.sentiment)}, from the reply of ${older}`,
    diagnosis: `Gets the order of two replies wrong when ${distance?.phrase ?? pair.phrase}: the reply of ${loser} loses to the older one of ${winner}. The ${isLate ? 'newer reply was delivered first and the older one after it' : 'replies were delivered in order'}; each of them alone is taken.${distance === null ? alsoWrong(first, others) : ` ${distance.evidence}`}`,
    fix: distance?.fix ?? FIX,
    exchanges: told.exchanges,
    ...close,
  });
};

/** Compare the replies' order at every pair of times of a level. */
export const judgeTimeOrder = async (probe: Probe, level: Level): Promise<Verdict> => {
  const now = probe.wall.now();
  const plain = await tellStory(
    probe,
    storyOf([{ type: 'email.replied', data: { reply_sentiment: 'positive' } }], 'positive'),
  );
  if (plain.isUnclear || plain.wrong.length > 0) {
    return notTested(
      'The state hook does not show the "sentiment" of an ordinary reply as it came.',
    );
  }
  const pairs = [...CLOCK, ...DATES].filter(
    (pair) => pair.level === level && moment(pair.newer, now) < new Date(now).toISOString(),
  );
  const cases = pairs.flatMap((pair) =>
    storiesOf(pair, now).map((story, at) => ({ pair, story, isLate: at === 0 })),
  );
  const told = await sideBySide(probe, cases, ({ story }) => tellStory(probe, story));
  const flawed = cases
    .map(({ pair, story, isLate }, at): Wrong => ({ pair, story, told: told[at]!, isLate }))
    .filter(({ told: { wrong, isUnclear } }) => wrong.length > 0 && !isUnclear);
  const confirmed: Wrong[] = [];
  for (const one of await stillWrong(flawed, ({ story }) => tellStory(probe, story))) {
    if (await isOrder(probe, one.pair)) confirmed.push(one);
  }
  // A receiver that never keeps the newer reply has another fault, which delivery/stale-overwrite is about.
  const isGeneral = flawed.length >= cases.length / 2;
  if (confirmed.length === 0) return pass(`${cases.length} pairs of replies`);
  return isGeneral
    ? notTested('The newer reply hardly ever stays: see delivery/stale-overwrite.')
    : failFor(probe, confirmed);
};
