/**
 * Whether a lead's state shows each listed sentiment, also behind another one, and counts of every size.
 *
 * @module
 */
import { inDigitGroups } from '../../domain/digit-groups.ts';
import * as z from 'zod';
import type { Verdict } from '../check.ts';
import { ReplySentiment } from '../../../schemas/events.ts';
import { toProviderTime } from '../../domain/time.ts';
import type { Probe } from '../probe/probe.ts';
import { fail, notTested, pass } from '../verdict.ts';
import { describeWrong, stillWrong, tellStory, type Story, type Told } from './lead-story.ts';
import { sideBySide } from './trial.ts';

interface ValueStory extends Story {
  readonly name: string;
  /** The cause when the state does not show it. */
  readonly cause: string;
}

const SENTIMENTS: readonly string[] = z.toJSONSchema(ReplySentiment).enum as string[];

const sentiments = (): readonly ValueStory[] =>
  SENTIMENTS.map((value) => ({
    name: `sentiment:${value}`,
    cause: `Does not store the \`reply_sentiment\` "${value}" as it came.`,
    steps: [{ type: 'email.replied', data: { reply_sentiment: value } }],
    expected: { sentiment: value },
  }));

/** Where the number of digits, or of bits, grows. */
const GROWTHS = [
  [2, 3],
  [9, 10],
  [99, 100],
  [127, 128],
  [255, 256],
  [32_767, 32_768],
  [65_535, 65_536],
] as const;

/** What becomes of events of the same second, other checks look at. */
const BEFORE_MS = 60_000;

const growths = (now: number): readonly ValueStory[] =>
  GROWTHS.map(([from, to]) => ({
    name: `open_count:${to}`,
    cause: `Loses an open when \`open_count\` grows from ${inDigitGroups(from)} to ${inDigitGroups(to)}.`,
    steps: [
      {
        type: 'email.opened',
        data: { open_count: from },
        envelope: { timestamp: toProviderTime(now - BEFORE_MS) },
      },
      { type: 'email.opened', data: { open_count: to } },
    ],
    expected: { open_count: to },
  }));

/** Which of them a later reply may have, whatever the earlier one had. */
const CHANGING = ['positive', 'neutral', 'negative'] as const;

const changes = (now: number): readonly ValueStory[] =>
  CHANGING.flatMap((from) =>
    CHANGING.filter((to) => to !== from).map((to) => ({
      name: `sentiment:${from}-${to}`,
      cause: `Keeps the \`reply_sentiment\` "${from}" of an earlier reply when that of a later one is "${to}".`,
      steps: [
        {
          type: 'email.replied' as const,
          data: { reply_sentiment: from },
          envelope: { timestamp: toProviderTime(now - BEFORE_MS) },
        },
        { type: 'email.replied' as const, data: { reply_sentiment: to } },
      ],
      expected: { sentiment: to },
    })),
  );

/** What the receiver keeps at all: of the others, nothing can be said. */
const isKept = (told: readonly Told[]): boolean => told.some(({ wrong }) => wrong.length === 0);

const wrongOf = (stories: readonly ValueStory[], told: readonly Told[]) =>
  isKept(told)
    ? stories
        .map((story, at) => ({ story, told: told[at]! }))
        .filter(({ told: { wrong, isUnclear } }) => wrong.length > 0 && !isUnclear)
    : [];

/** Each value as a lead of its own. */
export const judgeValueStates = async (probe: Probe): Promise<Verdict> => {
  const now = probe.wall.now();
  const groups = [sentiments(), growths(now), changes(now)];
  const told = await sideBySide(probe, groups, (stories) =>
    sideBySide(probe, stories, (story) => tellStory(probe, story), 3),
  );
  if (!told.some(isKept)) {
    return notTested('The state hook shows neither "sentiment" nor "open_count" as they came.');
  }
  const seen = groups.flatMap((stories, at) => wrongOf(stories, told[at]!));
  const wrong = await stillWrong(seen, ({ story }) => tellStory(probe, story));
  const [first] = wrong;
  if (first === undefined) return pass(`${groups.flat().length} values`);
  const others = wrong.slice(1).map(({ story: { cause } }) => cause);
  return fail({
    key: `state:value:${first.story.name}`,
    expected: [JSON.stringify(first.story.expected)],
    actual: `${describeWrong(first.told)} for ${first.told.email}`,
    diagnosis: [first.story.cause, ...others.map((cause) => `Besides: ${cause}`)].join(' '),
    fix: 'Store the value as it came; compare numbers as numbers, and use an integer column of at least 32 bits.',
    exchanges: first.told.exchanges,
  });
};
