/**
 * Random histories of leads against the reference model: any order of arrival, any times, some events repeated. The
 * shortest history that leaves a wrong state or a wrong number of effects gives the cause.
 *
 * @module
 */
import type { Symptom } from '../check.ts';
import { playAgainstModel, type Difference, type PlayedStory } from '../histories/play-stories.ts';
import {
  describeActs,
  randomPlainStory,
  shorterStories,
  type Act,
  type EventAct,
  type Story,
} from '../histories/story.ts';
import { FIX } from '../histories/remedies.ts';
import { interestsOf } from '../judge/interests.ts';
import type { Probe } from '../probe/probe.ts';
import { knowsCause, LOST_BY_AGE, type NamedCause } from './known-causes.ts';
import { symptomOf } from './restart-stories.ts';

const STORIES = 24;
const THOROUGH_STORIES = 400;
const SLOW_STORIES = 6;
const ROUNDS = 3;

export interface HistoryFlaw {
  readonly symptom: Symptom;
  readonly played: PlayedStory;
  readonly difference: Difference;
  readonly cause: NamedCause;
}

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
        return symptom === 'state' || !knowsCause(probe, symptom);
      }),
    }))
    .filter(({ differences }) => differences.length > 0)
    .toSorted((one, other) => lengthOf(one.story) - lengthOf(other.story));
};

const shows = (one: PlayedStory, { member }: Difference): boolean =>
  one.differences.some((other) => other.member === member);

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

const ofEffects = async (
  probe: Probe,
  { story: { before } }: PlayedStory,
  difference: Difference,
): Promise<NamedCause> => {
  const last = before.at(-1);
  if (symptomOf(difference) === 'doubled' && last?.kind === 'repeat') {
    const between = before.slice(before.indexOf(last.of) + 1, -1);
    return {
      key: 'doubled:history:lead',
      sentence:
        between.length > 0
          ? `A repeat takes effect again once another event of its lead has been processed in between (${describeActs(before)}): only the latest id of each lead is remembered.`
          : `A repeat takes effect again (${describeActs(before)}).`,
      fix: FIX.dedupe,
    };
  }
  const inOrder = { before: inOrderOfTime(before), after: [] };
  const isByTime =
    before.length > 1 &&
    !(await flawedAmong(probe, [inOrder])).some((one) => shows(one, difference));
  return isByTime
    ? {
        key: LOST_BY_AGE,
        sentence: `An event that is older than an event of its lead that arrived before it is answered 2xx and dropped as stale: ${describeActs(before)}.`,
        fix: OWN,
      }
    : {
        key: `${symptomOf(difference)}:history`,
        sentence: `An event has ${difference.found} effects in place of one when it belongs to this history of its lead: ${describeActs(before)}.`,
        fix: FIX.byLead,
      };
};

/** @returns null when every lead is as the model says, or nothing can be said */
export const findHistoryFlaw = async (probe: Probe): Promise<HistoryFlaw | null> => {
  const { state } = await interestsOf(probe);
  if (state.size === 0) return null;
  const count = probe.thorough ? THOROUGH_STORIES : probe.isSlow() ? SLOW_STORIES : STORIES;
  const stories = Array.from({ length: count }, () => randomPlainStory(probe.random));
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
