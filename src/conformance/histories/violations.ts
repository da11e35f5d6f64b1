/**
 * Compares what a history did to the receiver with the reference model.
 *
 * Invariants: a valid event is accepted whatever came before, every accepted event has exactly one effect, no forgery
 * has any, and the state of each lead equals the model's. Without an effects or state hook the others still hold.
 *
 * @module
 */
import type { Symptom } from '../check.ts';
import { settleBehind } from '../judge/deliver.ts';
import { interestsOf, type Interests, type StateMember } from '../judge/interests.ts';
import { waitFor } from '../hooks/hooks.ts';
import type { Probe } from '../probe/probe.ts';
import { describeReply, isAccepted } from '../verdict.ts';
import { differences, mayBeErased, type ModelState } from './model.ts';
import type { Played, Sent } from './play.ts';

/** Most severe first. */
export const VIOLATIONS = ['forged', 'refused', 'doubled', 'lost', 'state'] as const;
export type ViolationKind = Symptom;

export interface Violation {
  readonly kind: ViolationKind;
  /** The request that shows it; the last one of its lead for a state. */
  readonly sent: Sent;
  /** Effects of its event; null where they do not matter. */
  readonly count: number | null;
  /** "answered 401 in 3 ms", "2 effects", "`open_count` is 1, expected 2". */
  readonly actual: string;
  /** Of a state: what differs. */
  readonly members?: readonly StateMember[];
}

interface JudgeOptions {
  /** How long an effect may take once a later event has had its own. Milliseconds. */
  readonly patienceMs: number;
}

/** The last request of each event: all that is known of it by then. */
const lastOfEach = (sent: readonly Sent[]): readonly Sent[] => [
  ...new Map(sent.flatMap((one) => (one.event === null ? [] : [[one.event.id, one]]))).values(),
];

const refusals = ({ sent }: Played): readonly Violation[] =>
  sent
    .filter(({ role, exchange, isThrottled }) => {
      return role === 'event' && !isThrottled && !isAccepted(exchange);
    })
    .map((one) => ({
      kind: 'refused',
      sent: one,
      count: null,
      actual: `answered ${describeReply(one.exchange.reply)}`,
    }));

const violationOf = (one: Sent, count: number, min: number, max: number): Violation | null => {
  const actual = count === 1 ? 'one effect' : count === 0 ? 'no effect' : `${count} effects`;
  if (count >= min && count <= max) return null;
  const kind = one.role === 'forgery' ? 'forged' : count < min ? 'lost' : 'doubled';
  return { kind, sent: one, count, actual };
};

const wrongEffects = async (
  probe: Probe,
  { sent, model }: Played,
  { types }: Interests,
  { patienceMs }: JudgeOptions,
): Promise<readonly Violation[]> => {
  const { effects } = probe;
  if (effects === null) return [];
  const found = lastOfEach(sent).map(async (one) => {
    const { id, event } = one.event!;
    const { min, max } = model.expectedEffects(id);
    const least = types.has(event) ? min : 0;
    const count =
      least === 0
        ? await effects.settled(id, 0)
        : await effects.settled(id, least, { forMs: patienceMs });
    return violationOf(one, count, least, max);
  });
  return (await Promise.all(found)).filter((one) => one !== null);
};

/** Members that a single type of event sets, so that the lead is known once one was processed. */
const SET_BY_ONE = ['open_count', 'sentiment', 'unsubscribed'] as const;

/** Of a lead that is unknown: what its events have set. */
const missing = (expected: ModelState, members: ReadonlySet<StateMember>): readonly string[] =>
  SET_BY_ONE.filter(
    (member) =>
      members.has(member) &&
      Boolean(expected[member]) &&
      !mayBeErased(expected, member) &&
      expected.isDead !== true,
  ).map(
    (member) => `the lead is unknown, expected \`${member}\` ${JSON.stringify(expected[member])}`,
  );

const wrongStates = async (
  probe: Probe,
  { sent, model, history }: Played,
  interests: Interests,
  { patienceMs }: JudgeOptions,
): Promise<readonly Violation[]> => {
  const mustBeKnown = history.some(({ kind }) => kind === 'failed try' || kind === 'restart');
  const { state } = probe.hooks;
  if (state === undefined || interests.state.size === 0) return [];
  const found = [...model.leads()].map(async ([email, expected]) => {
    const last = sent.findLast(({ event }) => event?.data['lead_email'] === email);
    if (last === undefined) return null;
    const compare = (now: Awaited<ReturnType<typeof state>>) =>
      !now.known && mustBeKnown
        ? missing(expected, interests.state)
        : differences(now, expected, interests.state);
    const now = await waitFor(
      probe.wall,
      () => state(email),
      (it) => compare(it).length === 0,
      {
        forMs: patienceMs,
      },
    );
    const wrong = compare(now);
    if (wrong.length === 0) return null;
    const members = [...interests.state].filter((one) => differences(now, expected, [one]).length);
    return { kind: 'state', sent: last, count: null, actual: wrong.join(', '), members } as const;
  });
  return (await Promise.all(found)).filter((one) => one !== null);
};

/** Of bursts, the states of as many leads say nothing new. */
const isSmall = ({ sent }: Played): boolean => sent.length <= 40;

/**
 * @returns the violations of each history, in the same order
 */
export const judgePlayed = async (
  probe: Probe,
  played: readonly Played[],
  options: JudgeOptions,
): Promise<readonly (readonly Violation[])[]> => {
  const interests = await interestsOf(probe);
  // Behind everything that was sent: what a queue held of it is through.
  if (probe.effects !== null) await settleBehind(probe);
  return Promise.all(
    played.map(async (one) => {
      const effects = await wrongEffects(probe, one, interests, options);
      // What is lost has changed no lead either.
      const isLost = effects.some(({ kind }) => kind === 'lost');
      const states =
        isSmall(one) && !isLost ? await wrongStates(probe, one, interests, options) : [];
      return [...refusals(one), ...effects, ...states];
    }),
  );
};

export const mostSevere = (violations: readonly Violation[]): Violation | null =>
  VIOLATIONS.map((kind) => violations.find((one) => one.kind === kind)).find(
    (one) => one !== undefined,
  ) ?? null;
