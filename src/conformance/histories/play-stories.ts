/**
 * Plays stories of leads: each of them across one and the same restart, and beforehand without it.
 *
 * @module
 */
import { toProviderTime } from '../../domain/time.ts';
import { settle } from '../experiments/snapshot.ts';
import { sideBySide } from '../experiments/trial.ts';
import { sleep, type LeadState } from '../hooks/hooks.ts';
import { deliver } from '../judge/deliver.ts';
import { whileFailing } from '../judge/failing-hook.ts';
import { wrongSignature } from '../judge/forgeries.ts';
import { interestsOf, type StateMember } from '../judge/interests.ts';
import { stillMsOf } from '../judge/lead.ts';
import { restart } from '../judge/restart.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { createModel, differences } from './model.ts';
import type { Act, EventAct, Story } from './story.ts';

/** One lead, and what was sent of it. */
interface Cast {
  readonly email: string;
  readonly person: Readonly<Record<string, unknown>>;
  readonly nowMs: number;
  readonly events: Map<string, Event>;
  readonly exchanges: Exchange[];
  readonly accepted: Event[];
  /** By the id of its event. */
  readonly acts: Map<string, readonly [key: string, act: EventAct]>;
  isRefused: boolean;
}

/** What the receiver knows of a lead and of its events. */
interface Seen {
  readonly state: LeadState;
  readonly counts: ReadonlyMap<string, number>;
}

/** One member of the state, or `effects`, that is another one with the restart than without it. */
export interface Difference {
  readonly member: StateMember | 'lead' | 'effects';
  /** JSON, with the restart. */
  readonly found: string;
  /** JSON, without it. */
  readonly expected: string;
  /** Of effects: the event. */
  readonly act: EventAct | null;
}

export interface PlayedStory {
  readonly story: Story;
  readonly email: string;
  readonly differences: readonly Difference[];
  readonly exchanges: readonly Exchange[];
}

const keyOf = ({ type, secondsAgo, data }: EventAct): string =>
  JSON.stringify([type, secondsAgo, data]);

const createCast = (probe: Probe, { address }: Story): Cast => {
  const plain = probe.events.freshEmail();
  const email = address === undefined ? plain : plain.replace('@', `.${address}@`);
  const { lead_id } = probe.event('email.opened').data;
  const campaign_id = `cmp_${probe.events.freshId().slice('evt_'.length)}`;
  return {
    email,
    person: { lead_email: email, lead_id, campaign_id },
    nowMs: probe.wall.now(),
    events: new Map(),
    exchanges: [],
    accepted: [],
    acts: new Map(),
    isRefused: false,
  };
};

const eventOf = (probe: Probe, cast: Cast, act: EventAct): Event => {
  const key = keyOf(act) + (act.kind === 'forged' ? ' forged' : '');
  const known = cast.events.get(key);
  if (known !== undefined) return known;
  const { lead_email, lead_id, campaign_id } = cast.person;
  const of =
    act.type === 'campaign.completed' ? { campaign_id } : { lead_email, lead_id, campaign_id };
  const timestamp = toProviderTime(cast.nowMs - act.secondsAgo * 1000);
  // A lead replies in one thread.
  const thread = act.type === 'email.replied' ? { thread_id: `thrd_${String(lead_id)}` } : {};
  const made = probe.event(act.type, { ...of, ...thread, ...act.data }, { timestamp });
  cast.events.set(key, made);
  cast.acts.set(made.id, [key, act]);
  return made;
};

const perform = async (probe: Probe, cast: Cast, act: Act): Promise<void> => {
  const event = eventOf(probe, cast, act.kind === 'repeat' ? act.of : act);
  if (act.kind === 'forged') {
    await probe.post(event, { signature: wrongSignature(probe) });
    return;
  }
  if (act.kind === 'failed') {
    await probe.post(event);
    return;
  }
  const exchange = await deliver(probe, event);
  cast.exchanges.push(exchange);
  if (isAccepted(exchange)) {
    if (!cast.accepted.includes(event)) cast.accepted.push(event);
  } else cast.isRefused = true;
};

type Scene = readonly [cast: Cast, acts: readonly Act[]];

/** One act of each at a time, so that processing fails for nothing but what should fail. */
const performAll = async (probe: Probe, scenes: readonly Scene[]): Promise<void> => {
  const longest = Math.max(0, ...scenes.map(([, acts]) => acts.length));
  for (let at = 0; at < longest; at += 1) {
    const due = scenes.flatMap(([cast, acts]) =>
      acts.slice(at, at + 1).map((act) => [cast, act] as const),
    );
    const failing = due.filter(([, act]) => act.kind === 'failed');
    const work = ([cast, act]: (typeof due)[number]) => perform(probe, cast, act);
    await sideBySide(
      probe,
      due.filter((one) => !failing.includes(one)),
      work,
    );
    if (failing.length > 0) await whileFailing(probe, () => sideBySide(probe, failing, work));
  }
};

const look = async (probe: Probe, { email, events }: Cast): Promise<Seen> => {
  const { effects, hooks } = probe;
  const counts = new Map<string, number>();
  for (const [key, { id }] of events) {
    if (effects !== null) counts.set(key, await effects.count(id));
  }
  return { state: await hooks.state!(email), counts };
};

const json = (value: unknown): string => JSON.stringify(value ?? null);

const stateDifferences = (
  members: Iterable<StateMember>,
  found: LeadState,
  expected: LeadState,
): readonly Difference[] => {
  if (found.known !== expected.known) {
    const words = [found, expected].map(({ known }) => (known ? 'known' : 'unknown'));
    return [{ member: 'lead', found: words[0]!, expected: words[1]!, act: null }];
  }
  return [...members].flatMap((member) =>
    json(found[member]) === json(expected[member])
      ? []
      : [{ member, found: json(found[member]), expected: json(expected[member]), act: null }],
  );
};

const effectDifferences = (
  story: Story,
  found: Seen,
  expected: Seen,
  types: ReadonlySet<string>,
): readonly Difference[] => {
  const isLater = (key: string): boolean =>
    story.after.some((act) => keyOf(act.kind === 'repeat' ? act.of : act) === key) &&
    !story.before.some((act) => act.kind === 'event' && keyOf(act) === key);
  const acts = [...story.before, ...story.after].map((act) =>
    act.kind === 'repeat' ? act.of : act,
  );
  return [...expected.counts].flatMap(([key, count]) => {
    const now = found.counts.get(key) ?? 0;
    const act = acts.find((one) => keyOf(one) === key.replace(/ forged$/, '')) ?? null;
    const isWrong = now > count || (now < count && isLater(key));
    return isWrong && act !== null && types.has(act.type)
      ? [{ member: 'effects' as const, found: String(now), expected: String(count), act }]
      : [];
  });
};

const EFFECT_WITHIN_MS = 2500;

/** Everything that was accepted has its effect: a queue may take the events of one lead up later than those of others. */
const settleAll = async (
  probe: Probe,
  casts: readonly Cast[],
  types: ReadonlySet<string>,
): Promise<void> => {
  const { effects } = probe;
  await settle(probe);
  if (effects === null) return;
  const last = casts.flatMap(
    ({ accepted }) => accepted.findLast((one) => types.has(one.event)) ?? [],
  );
  await sideBySide(probe, last, async ({ id }) =>
    (await effects.count(id)) > 0 ? 1 : effects.settled(id, 1, { forMs: EFFECT_WITHIN_MS }),
  );
};

/** For a state that is read back later. Milliseconds. */
const PATIENCE_MS = 1500;
const LOOK_EVERY_MS = 50;

/** Until every lead is as expected, or patience ends. Only those that differ are looked at again. */
const compareAll = async (
  probe: Probe,
  casts: readonly Cast[],
  compare: (found: Seen, at: number) => readonly Difference[],
): Promise<readonly (readonly Difference[])[]> => {
  const all: (readonly Difference[])[] = casts.map(() => []);
  const lookAgain = async (at: number): Promise<void> => {
    all[at] = compare(await look(probe, casts[at]!), at);
  };
  let left = casts.map((_, at) => at);
  const until = probe.wall.now() + PATIENCE_MS;
  for (;;) {
    await sideBySide(probe, left, lookAgain);
    left = left.filter((at) => all[at]!.length > 0);
    if (left.length === 0 || probe.wall.now() > until) return all;
    await sleep(probe.wall, LOOK_EVERY_MS);
  }
};

/** Effects of each event that was accepted, which should be one. */
const wrongEffects = (
  { accepted, acts }: Cast,
  { counts }: Seen,
  types: ReadonlySet<string>,
): readonly Difference[] =>
  accepted.flatMap((event) => {
    const [key, act] = acts.get(event.id)!;
    const count = counts.get(key) ?? 1;
    return count === 1 || !types.has(event.event)
      ? []
      : [{ member: 'effects' as const, found: String(count), expected: '1', act }];
  });

const wrongState = (
  { accepted, email }: Cast,
  { state }: Seen,
  members: ReadonlySet<StateMember>,
): readonly Difference[] => {
  const model = createModel();
  for (const event of accepted) model.delivered(event, true);
  const expected = model.leads().get(email);
  if (expected === undefined) return [];
  // Of a lead who has left, a receiver may ignore what it did later.
  const isJudged = (member: StateMember): boolean =>
    expected.hasLeft !== true || member === 'suppressed' || member === 'unsubscribed';
  return [...members]
    .filter((member) => isJudged(member) && differences(state, expected, [member]).length > 0)
    .map((member) => ({
      member,
      found: json(state[member]),
      expected: json(expected[member]),
      act: null,
    }));
};

/**
 * Play stories without a restart, each with a lead of its own.
 *
 * @returns what differs from the model, by story
 */
export const playAgainstModel = async (
  probe: Probe,
  stories: readonly Story[],
): Promise<readonly PlayedStory[]> => {
  const { types, state: members } = await interestsOf(probe);
  const casts = stories.map((story) => createCast(probe, story));
  await performAll(
    probe,
    stories.map(({ before, after }, at): Scene => [casts[at]!, [...before, ...after]]),
  );
  await settleAll(probe, casts, types);
  const all = await compareAll(probe, casts, (found, at) => [
    ...wrongEffects(casts[at]!, found, types),
    ...wrongState(casts[at]!, found, members),
  ]);
  return stories.map((story, at) => {
    const { email, exchanges, isRefused } = casts[at]!;
    return { story, email, differences: isRefused ? [] : all[at]!, exchanges };
  });
};

/**
 * Play stories, each with leads of its own.
 *
 * @returns null when the receiver does not come back
 */
export const playStories = async (
  probe: Probe,
  stories: readonly Story[],
): Promise<readonly PlayedStory[] | null> => {
  const { types, state: members } = await interestsOf(probe);
  const casts = stories.map((story) => createCast(probe, story));
  const controls = stories.map((story) => createCast(probe, story));
  await performAll(
    probe,
    stories.flatMap(({ before, after }, at): readonly Scene[] => [
      [casts[at]!, before],
      [controls[at]!, [...before, ...after]],
    ]),
  );
  await settleAll(probe, controls, types);
  await sleep(probe.wall, stillMsOf(probe));
  const expected = await sideBySide(probe, controls, (cast) => look(probe, cast));
  if (!isAccepted(await restart(probe))) return null;
  await performAll(
    probe,
    stories.map(({ after }, at): Scene => [casts[at]!, after]),
  );
  await settleAll(probe, casts, types);
  const all = await compareAll(probe, casts, (found, at) => [
    ...stateDifferences(members, found.state, expected[at]!.state),
    ...effectDifferences(stories[at]!, found, expected[at]!, types),
  ]);
  return stories.map((story, at) => {
    const { email, exchanges, isRefused } = casts[at]!;
    const isUnclear = isRefused || controls[at]!.isRefused;
    return { story, email, differences: isUnclear ? [] : all[at]!, exchanges };
  });
};
