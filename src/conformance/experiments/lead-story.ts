/**
 * Lead stories: a few events of one lead, and the state that the contract makes of them.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import { HookError, waitFor, type LeadState } from '../hooks/hooks.ts';
import { deliver } from '../judge/deliver.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Data, Envelope } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';

export interface Step {
  readonly type: EventType;
  readonly data?: Data;
  readonly envelope?: Envelope;
}

/** Members of a lead's state that a story decides. */
export type Expected = Partial<
  Pick<LeadState, 'suppressed' | 'unsubscribed' | 'open_count' | 'sentiment'>
>;

export interface Story {
  readonly steps: readonly Step[];
  readonly expected: Expected;
}

export interface Told {
  readonly email: string;
  readonly exchanges: readonly Exchange[];
  readonly state: LeadState;
  /** Members that are not as expected. */
  readonly wrong: readonly (keyof Expected)[];
  /** Not every event was accepted: nothing can be said of the state. */
  readonly isUnclear: boolean;
}

/** Time for a state to become what is expected. Milliseconds. */
const PATIENCE_MS = 1200;
const LOOK_EVERY_MS = 30;

/** What becomes of a lower step is for delivery/changed-values. */
const ONE_EMAIL = { sequence_step: 1 } as const;

const wrongIn = (state: LeadState, expected: Expected): readonly (keyof Expected)[] =>
  (Object.keys(expected) as (keyof Expected)[]).filter(
    (member) => state[member] !== expected[member],
  );

/** Ask for the address as it was sent; a receiver that keeps addresses in lower case may know only that form. */
const askState = async (probe: Probe, email: string): Promise<LeadState> => {
  const { state } = probe.hooks;
  if (state === undefined) throw new HookError('A check that asks for state must need that hook.');
  const asSent = await state(email);
  const lower = email.toLowerCase();
  return asSent.known || lower === email ? asSent : state(lower);
};

/** Deliver the events of a story in order, and look at the lead's state. */
export const tellStory = async (
  probe: Probe,
  { steps, expected }: Story,
  email: string = probe.events.freshEmail(),
  patienceMs = PATIENCE_MS,
): Promise<Told> => {
  const { lead_id } = probe.event('email.opened').data;
  const exchanges: Exchange[] = [];
  for (const { type, data, envelope } of steps) {
    const person = { lead_email: email, lead_id, ...ONE_EMAIL, ...data };
    const ofLead = type === 'campaign.completed' ? {} : person;
    exchanges.push(await deliver(probe, probe.event(type, ofLead, envelope)));
  }
  const isUnclear = !exchanges.every(isAccepted);
  const state = await waitFor(
    probe.wall,
    () => askState(probe, email),
    (seen) => isUnclear || wrongIn(seen, expected).length === 0,
    { forMs: patienceMs, everyMs: LOOK_EVERY_MS, queue: probe.queue },
  );
  // Of leads that it does not know, a receiver with known leads keeps nothing.
  const isStranger = probe.leadEmail !== null && !state.known;
  return {
    email,
    exchanges,
    state,
    wrong: wrongIn(state, expected),
    isUnclear: isUnclear || isStranger,
  };
};

/** How many flawed stories are repeated alone; these are enough to be sure. */
const MAX_REPEATED = 3;

/**
 * The first few that are flawed again when repeated one at a time: side by side, one lead's events can undo another's.
 *
 * @param again tells the story of an item with a lead of its own
 */
export const stillWrong = async <T>(
  items: readonly T[],
  again: (item: T) => Promise<Told>,
): Promise<readonly T[]> => {
  const still: T[] = [];
  for (const item of items.slice(0, MAX_REPEATED)) {
    const { wrong, isUnclear } = await again(item);
    if (wrong.length > 0 && !isUnclear) still.push(item);
  }
  return still;
};

/** What is left of a story's expectations: members that the receiver keeps as expected for an ordinary lead. */
export const keptBy = ({ state }: Told, expected: Expected): Expected =>
  Object.fromEntries(
    Object.entries(expected).filter(([member, value]) => state[member as keyof Expected] === value),
  );

/** In words: "unsubscribed is false". */
export const describeWrong = ({ state, wrong }: Told): string =>
  state.known
    ? wrong.map((member) => `${member} is ${JSON.stringify(state[member]) ?? 'absent'}`).join(', ')
    : 'the lead is unknown';
