/**
 * A made-up lead: events of it, and what the receiver then says of it.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Verdict } from '../check.ts';
import { deliver } from './deliver.ts';
import type { Data, Envelope } from '../probe/event-maker.ts';
import type { Exchange } from '../net/exchange.ts';
import { HookError, waitFor, type LeadState } from '../hooks/hooks.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted, notTested, describeReply } from '../verdict.ts';

export interface Lead {
  readonly email: string;
  /** Delivers an event of this lead. @throws when it is not accepted: then nothing can be said of the state */
  send(type: EventType, data?: Data, envelope?: Envelope): Promise<Exchange>;
  /** The state as it is. */
  now(): Promise<LeadState>;
  /** The state as soon as it fits, or what it is when patience ends. */
  sees(fits: (state: LeadState) => boolean): Promise<LeadState>;
  /** The state when everything that was sent so far is through, as far as can be seen from outside. */
  settled(): Promise<LeadState>;
}

/** A valid event of the lead was not accepted, which other checks are about. */
class NotAccepted extends Error {
  override readonly name = 'NotAccepted';
}

/** Judges by states: not tested when the receiver does not take the events that would lead to them. */
export const judgeLeads = async (judge: () => Promise<Verdict>): Promise<Verdict> => {
  try {
    return await judge();
  } catch (error) {
    if (error instanceof NotAccepted) return notTested(error.message);
    throw error;
  }
};

/** What makes a lead known to everybody who keeps leads, or only whom not to write to. */
const TELLING: readonly [EventType, Data] = ['email.unsubscribed', { suppressed_globally: true }];

const stateOf = (probe: Probe, email: string): Promise<LeadState> => {
  const { state } = probe.hooks;
  if (state === undefined)
    throw new HookError('A check that uses the state hook must list it in "needs".');
  return state(email);
};

/** @param given data of every event of this lead, such as its campaign */
export const createLead = (probe: Probe, given: Data = {}): Lead => {
  const base = probe.event('email.opened').data;
  const email = String(given['lead_email'] ?? base['lead_email']);
  const person = { lead_email: email, lead_id: base['lead_id'], ...given };
  const { queue } = probe;
  const sees: Lead['sees'] = (fits) =>
    waitFor(probe.wall, () => stateOf(probe, email), fits, { queue });
  return {
    email,
    send: async (type, data = {}, envelope = {}) => {
      const exchange = await deliver(probe, probe.event(type, { ...person, ...data }, envelope));
      if (isAccepted(exchange)) return exchange;
      throw new NotAccepted(
        `${type} was answered ${describeReply(exchange.reply)}, so nothing can be said of its lead.`,
      );
    },
    now: () => stateOf(probe, email),
    sees,
    settled: async () => {
      // What comes after all of it shows that all of it is through, in a queue as well.
      const [type, data] = TELLING;
      const last = probe.event(type, data);
      if (isAccepted(await deliver(probe, last))) {
        const address = String(last.data['lead_email']);
        await waitFor(
          probe.wall,
          () => stateOf(probe, address),
          ({ known }) => known,
          { queue },
        );
      }
      let before = '';
      return waitFor(
        probe.wall,
        () => stateOf(probe, email),
        (now) => {
          const text = JSON.stringify(now);
          const still = text === before;
          before = text;
          return still;
        },
        { everyMs: 60 },
      );
    },
  };
};
