/**
 * Leads whose state is another one after a restart than without it: which of their events matter, and what of those.
 *
 * @module
 */
import { FIX } from '../histories/remedies.ts';
import { playStories, type Difference, type PlayedStory } from '../histories/play-stories.ts';
import {
  describeActs,
  describeStory,
  happened,
  randomStory,
  shorterStories,
  STORIES,
  type Act,
  type EventAct,
  type Story,
} from '../histories/story.ts';
import type { Probe } from '../probe/probe.ts';
import type { Symptom } from '../check.ts';
import { shows, symptomOf, type StoryFlaw } from './story-flaw.ts';
import { measureEventMs } from './snapshot.ts';
import { interestsOf } from '../judge/interests.ts';
import { knowsCause, type NamedCause } from './known-causes.ts';

const RANDOM = 8;
const THOROUGH_RANDOM = 200;
/** Time that the events of all stories may take, going by one that was processed just before. Milliseconds. */
const BUDGET_MS = 1500;
/** Played however slow the receiver is. */
const MIN_STORIES = 8;
/** Two leads, and some events of each. */
const EVENTS_OF_STORY = 6;

const lengthOf = ({ before, after }: Story): number => before.length + after.length;

const needsFault = ({ before, after }: Story): boolean =>
  [...before, ...after].some(({ kind }) => kind === 'failed');

const storiesFor = async (probe: Probe): Promise<readonly Story[]> => {
  const { hooks, thorough, random } = probe;
  const count = thorough ? THOROUGH_RANDOM : RANDOM;
  const all = [...STORIES, ...Array.from({ length: count }, () => randomStory(random))];
  const playable = all.filter((story) => hooks.fault !== undefined || !needsFault(story));
  const affordable = Math.floor(BUDGET_MS / (await measureEventMs(probe)) / EVENTS_OF_STORY);
  return thorough ? playable : playable.slice(0, Math.max(MIN_STORIES, affordable));
};

const SEVERITY: readonly Symptom[] = ['forged', 'lost', 'doubled', 'state'];

/** The differences that no earlier check has explained. */
const news = (probe: Probe, { differences }: PlayedStory): readonly Difference[] =>
  differences.filter((one) => {
    const symptom = symptomOf(one);
    return symptom === 'state' || !knowsCause(probe, symptom);
  });

const mostSevere = ({ differences }: PlayedStory): Difference =>
  differences.toSorted(
    (one, other) => SEVERITY.indexOf(symptomOf(one)) - SEVERITY.indexOf(symptomOf(other)),
  )[0]!;

const rank = (played: PlayedStory): number =>
  Math.min(...played.differences.map((one) => SEVERITY.indexOf(symptomOf(one)))) * 100 +
  lengthOf(played.story);

const flawedAmong = async (
  probe: Probe,
  stories: readonly Story[],
): Promise<readonly PlayedStory[]> => {
  const played = (await playStories(probe, stories)) ?? [];
  return played
    .map((one) => ({ ...one, differences: news(probe, one) }))
    .filter(({ differences }) => differences.length > 0)
    .toSorted((one, other) => rank(one) - rank(other));
};

/** Played again among shorter ones: the shortest that shows the same. @returns null when it does not show it again */
const shortest = async (
  probe: Probe,
  { story }: PlayedStory,
  difference: Difference,
): Promise<PlayedStory | null> => {
  const again = await flawedAmong(probe, [story, ...shorterStories(story)]);
  const alike = again.filter((one) => shows(one, difference));
  return alike.toSorted((one, other) => lengthOf(one.story) - lengthOf(other.story))[0] ?? null;
};

// --- Which value matters --------------------------------------------------------------------------

const MAX_POWER = 31;

const withData = (act: EventAct, member: string, value: unknown): Story => ({
  before: [{ ...act, data: { ...act.data, [member]: value } }],
  after: [],
});

/** Of a single event that is read back wrongly: from which count on. */
const explainCount = async (probe: Probe, act: EventAct): Promise<string | null> => {
  const counts = Array.from({ length: MAX_POWER }, (_, power) => [2 ** power - 1, 2 ** power])
    .flat()
    .filter((count) => count > 0);
  const stories = [...new Set(counts)].map((count) => withData(act, 'open_count', count));
  const bad = (await flawedAmong(probe, stories)).map(({ story: { before } }) =>
    Number((before[0] as EventAct).data['open_count']),
  );
  if (bad.length === 0 || bad.length === stories.length) return null;
  return `\`open_count\` is ${Math.min(...bad)} or more`;
};

/** Which sentiments. */
const explainSentiment = async (probe: Probe, act: EventAct): Promise<string | null> => {
  const values = ['positive', 'neutral', 'negative', 'out_of_office', 'unsubscribe'];
  const bad = await flawedAmong(
    probe,
    values.map((value) => withData(act, 'reply_sentiment', value)),
  );
  if (bad.length === 0 || bad.length === values.length) return null;
  const named = bad.map(({ story: { before } }) =>
    JSON.stringify((before[0] as EventAct).data['reply_sentiment']),
  );
  return `\`reply_sentiment\` is ${named.toSorted().join(' or ')}`;
};

const LENGTHS = [20, 60, 120, 250, 500, 1000, 2000, 4000, 8000] as const;

/** From which length of its text on. */
const explainLength = async (probe: Probe, act: EventAct): Promise<string | null> => {
  const stories = LENGTHS.map((length) =>
    withData(act, 'reply_preview', 'text '.repeat(length / 5)),
  );
  const bad = (await flawedAmong(probe, stories)).map(
    ({ story: { before } }) => String((before[0] as EventAct).data['reply_preview']).length,
  );
  if (bad.length === 0 || bad.length === stories.length) return null;
  const edge = Math.min(...bad);
  const good = Math.max(...LENGTHS.filter((length) => length < edge), 0);
  return `its text is long (${edge} characters; not with ${good})`;
};

const explainValue = async (probe: Probe, act: EventAct): Promise<string | null> => {
  if (act.kind !== 'event') return null;
  if ('open_count' in act.data) return explainCount(probe, act);
  if (!('reply_sentiment' in act.data)) return null;
  return 'reply_preview' in act.data
    ? ((await explainLength(probe, act)) ?? explainSentiment(probe, act))
    : explainSentiment(probe, act);
};

// --- The cause ------------------------------------------------------------------------------------

const STORED =
  'Store everything that decides about later events (the value, its time, the id, the flags) in the transaction of the event, in columns that hold every value, and read it back at start as it was written.';
const REPLAYED =
  'Apply a log that is read at start by the code that applies events when they arrive, with the same comparison of times and the same look-up of ids; or store the resulting state and read that.';

const isOlderReplyLast = (acts: readonly Act[]): boolean => {
  const replies = acts.flatMap((act) =>
    act.kind === 'event' && act.type === 'email.replied' ? [act] : [],
  );
  const [first, second] = replies;
  return replies.length === 2 && acts.length === 2 && second!.secondsAgo > first!.secondsAgo;
};

const differ = ({ member, found, expected }: Difference): string =>
  member === 'lead'
    ? `a lead is ${found} in place of ${expected}`
    : `\`${member}\` is ${found} in place of ${expected}`;

const DISTANCES_S = [1, 10, 60, 600, 3600, 86_400, 3 * 86_400] as const;

/** Whether the time of the latest reply is gone after a restart, or only its finer part. */
const explainTimeLost = async (probe: Probe): Promise<NamedCause | null> => {
  const newer = happened('email.replied', 10, { reply_sentiment: 'positive' });
  const stories = DISTANCES_S.map((distance): Story => {
    const older = happened('email.replied', 0, { reply_sentiment: 'negative' });
    return {
      before: [newer],
      after: [{ ...older, secondsAgo: newer.secondsAgo + distance }],
    };
  });
  const bad = (await flawedAmong(probe, stories)).filter(({ differences }) =>
    differences.some(({ member }) => member === 'sentiment'),
  );
  if (bad.length === 0) return null;
  const isAll = bad.length === stories.length;
  const far = Math.max(...bad.map(({ story }) => DISTANCES_S[stories.indexOf(story)]!));
  return {
    key: `restart:state:time-of-reply${isAll ? '' : ':resolution'}`,
    sentence: isAll
      ? 'After a restart, an older reply that arrives late replaces the newer one of before: the time of the latest reply is not stored, or not read back, so that whatever arrives first after a restart counts as the newest.'
      : `After a restart, an older reply that arrives late replaces the newer one of before when they are at most ${far} s apart (not at ${DISTANCES_S.find((one) => one > far) ?? far} s): the time of the latest reply is stored with a coarser resolution than it is compared with.`,
    fix: STORED,
  };
};

const ofState = async (
  probe: Probe,
  { story }: PlayedStory,
  difference: Difference,
): Promise<NamedCause> => {
  const { before, after, address } = story;
  const { member } = difference;
  const what = differ(difference);
  const key = `restart:state:${member}`;
  if (address !== undefined) {
    return {
      key: `${key}:address`,
      sentence: `After a restart, ${what} when the address contains "${address}": what is stored is read back under another key than it was written, such as an address that is escaped, cut or in lower case.`,
      fix: STORED,
    };
  }
  if (after.length > 0) {
    if (isOlderReplyLast([...before, ...after])) {
      const lost = await explainTimeLost(probe);
      if (lost !== null) return lost;
    }
    return {
      key: `${key}:goes-on`,
      sentence: `When a restart comes between events of a lead (${describeStory(story)}), ${what.replace('in place of', 'and without the restart')}: what decides about the later event is kept in memory, and not stored or not read back.`,
      fix: STORED,
    };
  }
  if (isOlderReplyLast(before)) {
    return {
      key: `${key}:order`,
      sentence:
        'After a restart, the `sentiment` of a lead is that of the reply that arrived last, even if it is older than the one before it: what is stored is applied again at start in the order of arrival, without the comparison of timestamps that was made on arrival.',
      fix: REPLAYED,
    };
  }
  const kinds = new Set(before.map(({ kind }) => kind));
  if (kinds.has('failed') || kinds.has('forged')) {
    const which = kinds.has('forged') ? 'a forged event that was refused' : 'a try that failed';
    return {
      key: `${key}:${kinds.has('forged') ? 'forged' : 'failed'}`,
      sentence: `After a restart, ${which} changes the state of its lead (${what}, after ${describeActs(before)}): it was stored before it was ${kinds.has('forged') ? 'verified' : 'processed'}, and is applied at start.`,
      fix: 'Store an event only after its signature is verified, and apply at start only what was accepted.',
    };
  }
  if (kinds.has('repeat')) {
    return {
      key: `${key}:repeat`,
      sentence: `After a restart, a repeat counts as a new event (${what}, after ${describeActs(before)}): repeats are stored, too, and at start they are applied without looking their id up.`,
      fix: REPLAYED,
    };
  }
  if (before.length === 1) {
    const when = await explainValue(probe, before[0] as EventAct);
    const which =
      when === null
        ? describeActs(before)
        : `${(before[0] as EventAct).type} whose ${when.replace(/^its /, '')}`;
    return {
      key: `${key}:value`,
      sentence: `After a restart, ${what} for a lead with ${which}: the value is not stored as it came, or not read back as it was stored.`,
      fix: STORED,
    };
  }
  return {
    key: `${key}:sequence`,
    sentence: `After a restart, ${what} for a lead with ${describeActs(before)}, in this order of arrival: what is stored is applied at start by other rules than on arrival.`,
    fix: REPLAYED,
  };
};

const ofEffects = ({ story }: PlayedStory, difference: Difference): NamedCause => {
  const symptom = symptomOf(difference);
  const key = `restart:${symptom}:story`;
  const { act, found } = difference;
  if (symptom === 'forged') {
    return {
      key,
      sentence: `A forged ${act!.type} that was refused takes effect after a restart: requests are stored before their signature is verified, and taken up at start.`,
      fix: 'Verify the signature before anything of a request is stored.',
    };
  }
  if (symptom === 'lost') {
    const isRetry = story.before.some(({ kind }) => kind === 'failed');
    return {
      key,
      sentence: isRetry
        ? `An event whose first try failed before a restart is accepted and lost when it is sent again after it (${describeStory(story)}): its id is stored before it is processed, and the restart comes before it is taken back, or it is taken back in memory only.`
        : `After a restart, an event is accepted and has no effect, which it has without the restart: ${describeStory(story)}.`,
      fix: isRetry ? FIX.dedupe : STORED,
    };
  }
  const isRetry = story.before.some(({ kind }) => kind === 'failed');
  return {
    key,
    sentence: isRetry
      ? `An event whose first try failed and whose retry succeeded takes effect again at the next start (${describeStory(story)}: ${found} effects): the failed try is kept, and taken up at start without looking its id up.`
      : `An event takes effect ${found} times across a restart, and once without it: ${describeStory(story)}.`,
    fix: REPLAYED,
  };
};

const findFlaw = async (probe: Probe): Promise<StoryFlaw | null> => {
  const { state } = await interestsOf(probe);
  if (probe.leadEmail !== null || state.size === 0) return null;
  const flawed = await flawedAmong(probe, await storiesFor(probe));
  for (const first of flawed.slice(0, 3)) {
    const difference = mostSevere(first);
    const played = await shortest(probe, first, difference);
    if (played === null) continue;
    const shown = played.differences.find(({ member }) => member === difference.member)!;
    const symptom = symptomOf(shown);
    const cause =
      symptom === 'state' ? await ofState(probe, played, shown) : ofEffects(played, shown);
    return { symptom, played, difference: shown, cause };
  }
  return null;
};

/**
 * The experiment is made once in a run.
 *
 * @returns null when every lead is the same with the restart as without it, or nothing can be said
 */
export const findStoryFlaw = (probe: Probe): Promise<StoryFlaw | null> =>
  probe.memory.once('restart stories', () => findFlaw(probe));
