/**
 * The reference model of a history: which ids were accepted, and the state of each lead folded from its events.
 *
 * @module
 */
import type { LeadState } from '../hooks/hooks.ts';
import type { StateMember } from '../judge/interests.ts';
import type { Event } from '../probe/event-maker.ts';

/** A lead as a correct receiver knows it. */
export type ModelState = Record<StateMember, unknown> & {
  /** The lead has unsubscribed, or has written so, or is dead: a receiver may erase what else it knows of the person. */
  hasLeft?: boolean;
  /** The address is invalid: a receiver may remove the lead as a whole, as the guide says. */
  isDead?: boolean;
};

const ERASABLE: ReadonlySet<StateMember> = new Set(['open_count', 'sentiment']);

/** Whether a value may be gone. */
export const mayBeErased = ({ hasLeft }: ModelState, member: StateMember): boolean =>
  hasLeft === true && ERASABLE.has(member);

interface ModelLead {
  readonly state: ModelState;
  repliedAt: string;
}

/** Effects that an event may have: exactly one when it was accepted, at most one when it was refused. */
export interface ExpectedEffects {
  readonly min: number;
  readonly max: number;
}

export interface Model {
  /** A valid event was delivered. */
  delivered(event: Event, isAccepted: boolean): void;
  expectedEffects(id: string): ExpectedEffects;
  /** State by address; only of leads whose every event was accepted. */
  leads(): ReadonlyMap<string, ModelState>;
}

const initial = (): ModelLead => ({
  state: { suppressed: false, unsubscribed: false, open_count: 0, sentiment: null },
  repliedAt: '',
});

/** Two replies of the same second: either may be the latest. */
const EITHER = Symbol('either');

const fold = (lead: ModelLead, { event, timestamp, data }: Event): void => {
  const { state } = lead;
  if (event === 'email.bounced' && data['bounce_type'] === 'hard') {
    state.suppressed = true;
    state.isDead = true;
    state.hasLeft = true;
  }
  if (event === 'email.unsubscribed') {
    state.unsubscribed = true;
    if (data['suppressed_globally'] === true) state.suppressed = true;
    state.hasLeft = true;
  }
  if (event === 'email.opened') {
    state.open_count = Math.max(Number(state.open_count), Number(data['open_count']));
  }
  if (data['reply_sentiment'] === 'unsubscribe') state.hasLeft = true;
  if (event === 'email.replied' && timestamp >= lead.repliedAt) {
    const isTie = timestamp === lead.repliedAt && state.sentiment !== data['reply_sentiment'];
    lead.repliedAt = timestamp;
    state.sentiment = isTie ? EITHER : data['reply_sentiment'];
  }
};

export const createModel = (): Model => {
  const accepted = new Map<string, Event>();
  const refused = new Map<string, Event>();
  return {
    delivered: (event, isAccepted) => {
      (isAccepted ? accepted : refused).set(event.id, event);
    },
    expectedEffects: (id) => {
      if (accepted.has(id)) return { min: 1, max: 1 };
      return { min: 0, max: refused.has(id) ? 1 : 0 };
    },
    leads: () => {
      const leads = new Map<string, ModelLead>();
      for (const event of accepted.values()) {
        const email = event.data['lead_email'];
        if (typeof email !== 'string') continue;
        const lead = leads.get(email) ?? initial();
        fold(lead, event);
        leads.set(email, lead);
      }
      for (const [id, { data }] of refused) {
        if (!accepted.has(id)) leads.delete(String(data['lead_email']));
      }
      return new Map([...leads].map(([email, { state }]) => [email, state]));
    },
  };
};

/** Members of a lead's state that differ from the model's, such as "`open_count` is 1, expected 2". */
export const differences = (
  actual: LeadState,
  expected: ModelState,
  members: Iterable<StateMember>,
): readonly string[] =>
  [...members].flatMap((member) => {
    if (!actual.known) return [];
    const found = actual[member];
    if (found === expected[member] || expected[member] === EITHER) return [];
    const untouched = initial().state[member];
    const isAbsent = found === undefined || found === null;
    // An untouched member may be absent or empty.
    if (expected[member] === untouched && isAbsent) return [];
    if (mayBeErased(expected, member) && (found === untouched || isAbsent)) return [];
    // The guide's table of events asks for it at every unsubscribe, its example at global ones only.
    if (member === 'suppressed' && found === true && expected.unsubscribed === true) return [];
    return [
      `\`${member}\` is ${JSON.stringify(found ?? null)}, expected ${JSON.stringify(expected[member])}`,
    ];
  });
