/**
 * Random histories of leads against the reference model: any order of arrival, any times, some events repeated. The
 * shortest history that leaves a wrong state or a wrong number of effects gives the cause.
 *
 * @module
 */
import { EVENT_TYPES } from '../../../schemas/contract.ts';
import { playAgainstModel, type Difference, type PlayedStory } from '../histories/play-stories.ts';
import {
  decidesState,
  eventOf,
  describeActs,
  randomPlainStory,
  shorterStories,
  TYPE_STORIES,
  type Act,
  type EventAct,
  type Story,
} from '../histories/story.ts';
import { FIX } from '../histories/remedies.ts';
import { interestsOf } from '../judge/interests.ts';
import type { Probe } from '../probe/probe.ts';
import { knowsCause, LOST_BY_AGE, type NamedCause } from './known-causes.ts';
import { measureEventMs } from './snapshot.ts';
import { shows, symptomOf, type StoryFlaw } from './story-flaw.ts';

const STORIES = 24;
const THOROUGH_STORIES = 400;
/** Played however slow the receiver is. */
const MIN_STORIES = 6;
const EVENTS_OF_STORY = 5;
/** Time that their events may take, going by some that were processed just before. Milliseconds. */
const BUDGET_MS = 1500;
const ROUNDS = 3;

const lengthOf = ({ before }: Story): number => before.length;

const flawedAmong = async (
  probe: Probe,
  stories: readonly Story[],
): Promise<readonly PlayedStory[]> => {
  const played = await playAgainstModel(probe, stories);
  return played
    .map((one) => ({
      ...one,
      differences: one.differences.filter((difference) => {
        const symptom = symptomOf(difference);
        return symptom === 'state' ? decidesState(one.story) : !knowsCause(probe, symptom);
      }),
    }))
    .filter(({ differences }) => differences.length > 0)
    .toSorted((one, other) => lengthOf(one.story) - lengthOf(other.story));
};

/** Played again among shorter ones. @returns null when it does not show it again */
const shortest = async (
  probe: Probe,
  first: PlayedStory,
  difference: Difference,
): Promise<PlayedStory | null> => {
  let smallest: PlayedStory | null = null;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { story } = smallest ?? first;
    const found = await flawedAmong(probe, [story, ...shorterStories(story)]);
    const next = found.find((one) => shows(one, difference));
    if (next === undefined) return smallest;
    const isSame = lengthOf(next.story) === lengthOf(story) && smallest !== null;
    smallest = next;
    if (isSame || lengthOf(next.story) <= 2) return smallest;
  }
  return smallest;
};

/** The same events in the same order of arrival, each newer than the one before. */
const inOrderOfTime = (acts: readonly Act[]): readonly Act[] => {
  const later = new Map<EventAct, EventAct>();
  return acts.map((act, at) => {
    if (act.kind === 'repeat') return { ...act, of: later.get(act.of) ?? act.of };
    const moved = { ...act, secondsAgo: 60 * (acts.length - at) };
    later.set(act, moved);
    return moved;
  });
};

const differ = ({ member, found, expected }: Difference): string =>
  `\`${member}\` is ${found} in place of ${expected}`;

const OWN =
  'Let each event change only what it is about, and compare its time only with that of the value that it would overwrite.';

/** Types whose repeat takes effect again at once. */
const doubledTypes = async (probe: Probe): Promise<readonly string[]> => {
  const repeats = TYPE_STORIES.filter(
    ({ before }) => before.length === 2 && before[1]!.kind === 'repeat',
  );
  const flawed = await flawedAmong(probe, repeats);
  return flawed
    .filter(({ differences }) => differences.some(({ member }) => member === 'effects'))
    .map(({ story }) => lastType(story.before))
    .toSorted();
};

/** The last act that is an event of its own. */
const lastType = (acts: readonly Act[]): string => {
  const last = acts.at(-1)!;
  return last.kind === 'repeat' ? last.of.type : last.type;
};

const ofState = async (
  probe: Probe,
  { story: { before } }: PlayedStory,
  difference: Difference,
): Promise<NamedCause> => {
  const what = differ(difference);
  const key = `state:${difference.member}:history`;
  const hasRepeat = before.some(({ kind }) => kind === 'repeat');
  if (hasRepeat) {
    return {
      key: `${key}:repeat`,
      sentence: `A repeat changes the state of its lead again (${what}, after ${describeActs(before)}), though it has no further effect: the state is updated before the id is looked up.`,
      fix: FIX.dedupe,
    };
  }
  const inOrder = { before: inOrderOfTime(before), after: [] };
  const isByTime =
    before.length > 1 &&
    !(await flawedAmong(probe, [inOrder])).some((one) => shows(one, difference));
  if (isByTime) {
    return {
      key: `${key}:time`,
      sentence: `${lastType(before)} changes a lead otherwise when it is older than an event that arrived before it (${what}, after ${describeActs(before)}; not when they arrive in the order of their times): an older event of a lead is ignored, or overrules a newer one, by the time of another kind of event.`,
      fix: OWN,
    };
  }
  return {
    key: `${key}:sequence`,
    sentence: `A lead has a wrong state (${what}) after ${describeActs(before)}, in this order of arrival.`,
    fix: OWN,
  };
};

const HOUR_S = 3600;
const CLOSE_S = 60;

/** Two events of the same type that happened at about the same time. */
const closeOfOneType = (acts: readonly Act[]): readonly [EventAct, EventAct] | null => {
  const [first, second] = acts;
  if (acts.length !== 2 || first?.kind !== 'event' || second?.kind !== 'event') return null;
  const isClose = Math.abs(first.secondsAgo - second.secondsAgo) <= CLOSE_S;
  return first.type === second.type && isClose ? [first, second] : null;
};

const ofEffects = async (
  probe: Probe,
  { story: { before } }: PlayedStory,
  difference: Difference,
): Promise<NamedCause> => {
  const last = before.at(-1);
  if (symptomOf(difference) === 'doubled' && last?.kind === 'repeat') {
    const between = before.slice(before.indexOf(last.of) + 1, -1);
    const { type } = last.of;
    const types = await doubledTypes(probe);
    const isOfTypes = types.length > 0 && types.length < EVENT_TYPES.length / 2;
    return {
      key: isOfTypes ? `doubled:type:${types.join('+')}` : 'doubled:history:lead',
      sentence: isOfTypes
        ? `A repeat of ${types.includes(type) ? type : types.join(' or ')} takes effect again, though repeats of other types do not: the id of this type is not looked up, or is stored under a key that is empty for it, such as a lead that it does not have.`
        : between.length > 0
          ? `A repeat takes effect again once another event of its lead has been processed in between (${describeActs(before)}): only the latest id of each lead is remembered.`
          : `A repeat takes effect again (${describeActs(before)}).`,
      fix: FIX.dedupe,
    };
  }
  const close = closeOfOneType(before);
  if (symptomOf(difference) === 'lost' && close !== null) {
    const apart = [close[0], { ...close[1], secondsAgo: close[0].secondsAgo - HOUR_S / 4 }];
    const isClose = (await flawedAmong(probe, [{ before: apart, after: [] }])).length === 0;
    if (isClose) {
      return {
        key: `lost:history:close:${close[1].type}`,
        sentence: `A second ${close[1].type} of a lead is accepted and lost when it happened within seconds of the first one, though it has an id of its own; a quarter of an hour apart both have their effect: a repeat is recognised by the lead, the type and the time in place of the id.`,
        fix: FIX.byLead,
      };
    }
  }
  const isSingle = before.length === 1;
  const inTime = isSingle
    ? before.map((act) => ({ ...eventOf(act), secondsAgo: 0 }))
    : inOrderOfTime(before);
  const isByTime = !(await flawedAmong(probe, [{ before: inTime, after: [] }])).some((one) =>
    shows(one, difference),
  );
  return isByTime
    ? {
        key: LOST_BY_AGE,
        sentence: `An event that is older than ${isSingle ? 'the newest one so far' : 'an event of its lead that arrived before it'} is answered 2xx and dropped as stale: ${describeActs(before)}.`,
        fix: OWN,
      }
    : {
        key: `${symptomOf(difference)}:history`,
        sentence: `An event has ${difference.found} effects in place of one when it belongs to this history of its lead: ${describeActs(before)}.`,
        fix: FIX.byLead,
      };
};

/** @returns null when every lead is as the model says, or nothing can be said */
export const findHistoryFlaw = async (probe: Probe): Promise<StoryFlaw | null> => {
  const { state } = await interestsOf(probe);
  if (state.size === 0) return null;
  const affordable = Math.floor(BUDGET_MS / (await measureEventMs(probe)) / EVENTS_OF_STORY);
  const some = Math.min(STORIES, Math.max(MIN_STORIES, affordable));
  const count = probe.thorough ? THOROUGH_STORIES : some;
  const random = Array.from({ length: count }, () => randomPlainStory(probe.random));
  const stories = probe.isSlow() ? random : [...TYPE_STORIES, ...random];
  for (const first of (await flawedAmong(probe, stories)).slice(0, 2)) {
    const [difference] = first.differences;
    const played = await shortest(probe, first, difference!);
    const shown = played?.differences.find(({ member }) => member === difference!.member);
    if (played === null || shown === undefined) continue;
    const symptom = symptomOf(shown);
    const explain = symptom === 'state' ? ofState : ofEffects;
    return { symptom, played, difference: shown, cause: await explain(probe, played, shown) };
  }
  return null;
};
