/**
 * Stories of a lead across a restart: what arrives before it and what after it. The same events without the restart say
 * what the state should be, so that no model of the receiver is needed.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Data } from '../probe/event-maker.ts';

/** An event of the lead. `failed`: its processing fails, and it is not sent again. `forged`: with a wrong signature. */
export interface EventAct {
  readonly kind: 'event' | 'failed' | 'forged';
  readonly type: EventType;
  readonly data: Data;
  /** How long before now it happened. */
  readonly secondsAgo: number;
}

/** An event of the lead, once more. */
export interface RepeatAct {
  readonly kind: 'repeat';
  readonly of: EventAct;
}

export type Act = EventAct | RepeatAct;

export interface Story {
  readonly before: readonly Act[];
  /** After the restart. */
  readonly after: readonly Act[];
  /** Part of the address, such as "Anna.Lead"; default: a plain one. */
  readonly address?: string;
}

const MINUTE = 60;

export const happened = (type: EventType, minutesAgo: number, data: Data = {}): EventAct => ({
  kind: 'event',
  type,
  data,
  secondsAgo: minutesAgo * MINUTE,
});

const reply = (minutesAgo: number, sentiment = 'positive'): EventAct =>
  happened('email.replied', minutesAgo, { reply_sentiment: sentiment });
const opened = (count: number, minutesAgo = 30): EventAct =>
  happened('email.opened', minutesAgo, { open_count: count });
const bounced = (kind: 'hard' | 'soft', minutesAgo = 30): EventAct =>
  happened('email.bounced', minutesAgo, { bounce_type: kind });
const gone = (isGlobal: boolean, minutesAgo = 30): EventAct =>
  happened('email.unsubscribed', minutesAgo, { suppressed_globally: isGlobal });
const failed = (act: EventAct): EventAct => ({ ...act, kind: 'failed' });
const forged = (act: EventAct): EventAct => ({ ...act, kind: 'forged' });
const again = (act: EventAct): RepeatAct => ({ kind: 'repeat', of: act });

const SENTIMENTS = ['positive', 'neutral', 'negative', 'out_of_office', 'unsubscribe'] as const;
/** Around the largest numbers of one, two and four bytes. */
const COUNTS = [1, 128, 300, 40_000, 70_000] as const;
const PARTS = ['Anna.Lead', 'anna+news', "o'neil", 'anna_lead', 'anna%lead'] as const;
const LENGTHS = [60, 200, 600, 3000] as const;

const TYPES_AFTER: readonly EventAct[] = [
  happened('email.sent', 20),
  happened('email.delivered', 20),
  happened('email.clicked', 20),
  happened('campaign.completed', 20),
  reply(20),
  opened(4, 20),
  bounced('hard', 20),
  gone(true, 20),
];

const newer = reply(10, 'positive');
const older = reply(20, 'negative');
/** Three seconds later. */
const soon = reply(20 - 1 / 20, 'neutral');

/** What may be read back otherwise than it was stored. */
const READ_BACK: readonly (readonly Act[])[] = [
  [newer, older],
  [older, newer],
  [opened(5), opened(2)],
  [opened(2), opened(5)],
  [opened(5, 10), opened(2, 20), opened(9, 40)],
  [bounced('soft')],
  [bounced('soft', 30), bounced('hard', 10)],
  [bounced('hard', 30), bounced('soft', 10)],
  [gone(false)],
  [gone(false), bounced('hard')],
  [gone(true), gone(false)],
  [gone(false), reply(10), opened(3, 5)],
  [older, newer, again(older)],
  [opened(3), reply(20), happened('email.clicked', 10), happened('email.sent', 5)],
  [opened(3), happened('campaign.completed', 10)],
  [failed(newer), again(newer)],
  [failed(opened(4)), again(opened(4))],
  [failed(gone(true)), again(gone(true))],
  [failed(bounced('hard')), again(bounced('hard'))],
  [older, forged(newer)],
  [forged(gone(true))],
  [opened(1), forged(bounced('hard'))],
  Array.from({ length: 24 }, (_, at) => opened(at + 1, 60 - at)),
  ...SENTIMENTS.map((sentiment) => [reply(20, sentiment)]),
  ...COUNTS.map((count) => [opened(count)]),
  ...LENGTHS.map((length) => [
    happened('email.replied', 20, {
      reply_sentiment: 'positive',
      reply_preview: 'a longer text '.repeat(length / 14),
    }),
  ]),
];

/** What must still be known when the next event arrives. */
const GOES_ON: readonly (readonly [before: readonly Act[], after: readonly Act[]])[] = [
  [[newer], [older]],
  [[soon], [older]],
  // Half a minute earlier, so that at least one of the two pairs lies within a minute.
  [[reply(29.5 - 1 / 20)], [reply(29.5, 'negative')]],
  [[older], [newer]],
  [[opened(5)], [opened(2, 10)]],
  [[opened(2)], [opened(5, 10)]],
  [[bounced('hard')], [bounced('soft', 10)]],
  [[gone(true)], [gone(false, 10), opened(2, 5)]],
  [[gone(false)], [reply(10)]],
  [[older, newer], [again(older)]],
  [[reply(20)], [opened(2, 10), happened('email.clicked', 5)]],
  [[failed(newer)], [again(newer)]],
  [[failed(gone(true))], [again(gone(true))]],
  [[failed(newer), again(newer)], [again(newer)]],
  [[opened(3), reply(20)], [again(opened(3))]],
  ...TYPES_AFTER.map((act): readonly [readonly Act[], readonly Act[]] => [[], [act]]),
];

/** One of each list in turn, so that the first few are of every kind. */
const inTurns = <T>(...lists: readonly (readonly T[])[]): readonly T[] =>
  Array.from({ length: Math.max(...lists.map(({ length }) => length)) }, (_, at) =>
    lists.flatMap((list) => list.slice(at, at + 1)),
  ).flat();

/** The most telling ones first. */
export const STORIES: readonly Story[] = inTurns(
  READ_BACK.map((before): Story => ({ before, after: [] })),
  GOES_ON.map(([before, after]): Story => ({ before, after })),
  PARTS.map((address): Story => ({ before: [opened(2), newer], after: [], address })),
);

const pick = <T>(random: () => number, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)]!;

const POOL: readonly ((minutesAgo: number, random: () => number) => EventAct)[] = [
  (at, random) => reply(at, pick(random, SENTIMENTS)),
  (at, random) => reply(at, pick(random, SENTIMENTS)),
  (at, random) => opened(1 + Math.floor(random() * 12), at),
  (at, random) => opened(1 + Math.floor(random() * 12), at),
  (at) => bounced('soft', at),
  (at) => bounced('hard', at),
  (at, random) => gone(random() < 0.5, at),
  (at) => happened('email.clicked', at),
  (at) => happened('email.sent', at),
];
const MAX_ACTS = 7;
const MAX_AGE_MINUTES = 300;

/** Several events in any order, some of them repeated, with the restart anywhere. No two have the same time. */
export const randomStory = (random: () => number, pool = POOL): Story => {
  const count = 2 + Math.floor(random() * (MAX_ACTS - 1));
  const events = Array.from({ length: count }, (_, at) => {
    const minutes = 1 + at + MAX_ACTS * Math.floor((random() * MAX_AGE_MINUTES) / MAX_ACTS);
    return pick(random, pool)(minutes, random);
  });
  const acts = events.flatMap((event, at): readonly Act[] =>
    random() < 0.2 ? [event, again(pick(random, events.slice(0, at + 1)))] : [event],
  );
  const cut = random() < 0.5 ? acts.length : Math.floor(random() * (acts.length + 1));
  return { before: acts.slice(0, cut), after: acts.slice(cut) };
};

const PLAIN_SENTIMENTS = ['positive', 'neutral', 'negative'] as const;

const AGAINST_MODEL: readonly ((minutesAgo: number, random: () => number) => EventAct)[] = [
  (at, random) => reply(at, pick(random, PLAIN_SENTIMENTS)),
  (at, random) => reply(at, pick(random, PLAIN_SENTIMENTS)),
  (at, random) => opened(1 + Math.floor(random() * 12), at),
  (at, random) => opened(1 + Math.floor(random() * 12), at),
  (at) => bounced('hard', at),
  (at, random) => gone(random() < 0.5, at),
  (at) => happened('email.sent', at),
];

/** Any type: of some of them only the effects are judged. */
const OTHERS: typeof AGAINST_MODEL = [
  (at) => bounced('soft', at),
  ...(['email.delivered', 'email.clicked', 'email.clicked', 'campaign.completed'] as const).map(
    (type) => (at: number) => happened(type, at),
  ),
];

const isPlain = ({ type, data }: EventAct): boolean =>
  ['email.replied', 'email.opened', 'email.unsubscribed', 'email.sent'].includes(type) ||
  data['bounce_type'] === 'hard';

/** Whether the contract says what state the events of a story add up to. */
export const decidesState = ({ before, after }: Story): boolean =>
  [...before, ...after].every((act) => isPlain(eventOf(act)));

const later = (act: EventAct): EventAct => ({ ...act, secondsAgo: act.secondsAgo - 5 });

/** Each type: repeated at once and behind another event, and again with another id a few seconds later. */
export const TYPE_STORIES: readonly Story[] = TYPES_AFTER.flatMap((act) =>
  [
    [act, again(act)],
    [act, happened('email.sent', 3), again(act)],
    ...(act.type === 'campaign.completed' ? [] : [[act, later(act)]]),
  ].map((before): Story => ({ before, after: [] })),
);

/**
 * Events of which the contract says what they make of a lead, in any order, some repeated. What receivers may see in
 * several ways, such as many soft bounces, a click without an open or a reply that unsubscribes, is part of a third of them.
 */
export const randomPlainStory = (random: () => number): Story => {
  const pool = random() < 1 / 3 ? [...AGAINST_MODEL, ...OTHERS] : AGAINST_MODEL;
  const { before, after } = randomStory(random, pool);
  return { before: [...before, ...after], after: [] };
};

export const eventOf = (act: Act): EventAct => (act.kind === 'repeat' ? act.of : act);

/** Acts whose event is sent at all, and failed tries that are followed by another: a receiver may process others later. */
const complete = (acts: readonly Act[], sent: readonly Act[]): readonly Act[] =>
  acts.filter((act) =>
    act.kind === 'failed'
      ? sent.some((one) => one.kind === 'repeat' && isRetry(one, [act]))
      : act.kind !== 'repeat' || sent.includes(eventOf(act)) || isRetry(act, sent),
  );

const isRetry = ({ of }: RepeatAct, sent: readonly Act[]): boolean =>
  sent.some(
    (one) => one.kind === 'failed' && one.type === of.type && one.secondsAgo === of.secondsAgo,
  );

const MAX_SUBSETS = 48;

/** Shorter stories, the shortest first: each leaves out some of the acts. */
export const shorterStories = (story: Story): readonly Story[] => {
  const acts = [...story.before, ...story.after];
  if (acts.length > 6) {
    return acts.map((left) => without(story, (act) => act !== left));
  }
  const masks = Array.from({ length: 2 ** acts.length - 2 }, (_, at) => at + 1);
  const bits = (mask: number): number => mask.toString(2).replaceAll('0', '').length;
  return masks
    .toSorted((one, other) => bits(one) - bits(other))
    .map((mask) => without(story, (act) => (mask & (2 ** acts.indexOf(act))) !== 0))
    .slice(0, MAX_SUBSETS);
};

const without = (story: Story, stays: (act: Act) => boolean): Story => {
  const before = story.before.filter(stays);
  const after = story.after.filter(stays);
  const sent = [...before, ...after];
  return { ...story, before: complete(before, sent), after: complete(after, sent) };
};

const NAMED = ['reply_sentiment', 'open_count', 'bounce_type', 'suppressed_globally'] as const;

const ago = (secondsAgo: number): string =>
  secondsAgo % MINUTE === 0
    ? `${secondsAgo / MINUTE} min ago`
    : `${Math.floor(secondsAgo / MINUTE)} min ${Math.round(secondsAgo % MINUTE)} s ago`;

const describeEvent = ({ kind, type, data, secondsAgo }: EventAct): string => {
  const values = NAMED.flatMap((name) =>
    data[name] === undefined ? [] : [`\`${name}\` ${JSON.stringify(data[name])}`],
  );
  const what = [...values, ago(secondsAgo)].join(', ');
  const before = { event: '', failed: 'a failed try of ', forged: 'a forged ' }[kind];
  return `${before}${type} (${what})`;
};

/** "email.replied (`reply_sentiment` "negative", 20 min ago)". */
export const describeAct = (act: Act): string =>
  act.kind === 'repeat' ? `a repeat of ${describeEvent(act.of)}` : describeEvent(act);

export const describeActs = (acts: readonly Act[]): string => acts.map(describeAct).join(', then ');

/** "email.replied (…), then the restart, then …". */
export const describeStory = ({ before, after }: Story): string =>
  [...before.map(describeAct), 'the restart', ...after.map(describeAct)].join(', then ');
