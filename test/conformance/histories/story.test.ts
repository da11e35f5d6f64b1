import { expect, test } from 'vitest';
import {
  describeStory,
  happened,
  randomPlainStory,
  randomStory,
  shorterStories,
  STORIES,
  type Story,
} from '../../../src/conformance/histories/story.ts';
import { seededRandom } from '../../../src/domain/random.ts';

const first = happened('email.replied', 20, { reply_sentiment: 'positive' });
const second = happened('email.opened', 10, { open_count: 2 });

test('shorter stories leave acts out, the shortest first, on their side of the restart', () => {
  expect(shorterStories({ before: [first], after: [second] })).toEqual([
    { before: [first], after: [] },
    { before: [], after: [second] },
  ]);
});

test('a repeat does not stay without its event', () => {
  const repeat = { kind: 'repeat', of: first } as const;
  const shorter = shorterStories({ before: [first, second, repeat], after: [] });
  expect(
    shorter.filter(({ before }) => before.includes(repeat) && !before.includes(first)),
  ).toEqual([]);
});

test('a retry stays with the try that failed', () => {
  const failed = { ...first, kind: 'failed' } as const;
  const retry = { kind: 'repeat', of: first } as const;
  const shorter = shorterStories({ before: [failed, second], after: [retry] });
  expect(shorter).toContainEqual({ before: [failed], after: [retry] });
});

test('a story is described in the order of its events', () => {
  expect(describeStory({ before: [first], after: [{ kind: 'repeat', of: first }] })).toBe(
    'email.replied (`reply_sentiment` "positive", 20 min ago), then the restart, then a repeat of email.replied (`reply_sentiment` "positive", 20 min ago)',
  );
});

const lengthOf = ({ before, after }: Story): number => before.length + after.length;

test('random stories have events of different times', () => {
  const random = seededRandom(1);
  for (let count = 0; count < 200; count += 1) {
    const { before, after } = count % 2 === 0 ? randomStory(random) : randomPlainStory(random);
    const times = [...before, ...after].flatMap((act) =>
      act.kind === 'repeat' ? [] : [act.secondsAgo],
    );
    expect(new Set(times).size).toBe(times.length);
    expect(times.length).toBeGreaterThanOrEqual(2);
  }
});

test('the first stories are of every kind', () => {
  const few = STORIES.slice(0, 8);
  expect(few.some(({ after }) => after.length === 0)).toBe(true);
  expect(few.some(({ after }) => after.length > 0)).toBe(true);
  expect(few.every((story) => lengthOf(story) > 0)).toBe(true);
});
