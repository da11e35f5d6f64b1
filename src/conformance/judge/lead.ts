/**
 * A lead of the suite: its events, and its state in the receiver.
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
import { isAccepted, notTested, describeResponseTo } from '../verdict.ts';

export interface Lead {
  readonly email: string;
  /** Deliver an event of this lead. @throws {NotAccepted} if it is not accepted, because then its state means nothing */
  send(type: EventType, data?: Data, envelope?: Envelope): Promise<Exchange>;
  /** The current state. */
  now(): Promise<LeadState>;
  /** The state once `fits` is true, or the last one when patience ends. */
  sees(fits: (state: LeadState) => boolean): Promise<LeadState>;
  /** The state once everything sent so far has been processed, as far as can be observed. */
  settled(): Promise<LeadState>;
}

/** A valid event of the lead was not accepted, which other checks report. */
class NotAccepted extends Error {
  override readonly name = 'NotAccepted';
}

/** Run a judgment by states; not tested if the receiver does not accept the events. */
export const judgeLeads = async (judge: () => Promise<Verdict>): Promise<Verdict> => {
  try {
    return await judge();
  } catch (error) {
    if (error instanceof NotAccepted) return notTested(error.message);
    throw error;
  }
};

/** An event that every receiver stores, whether it keeps all leads or only suppressions. */
const MARKER: readonly [EventType, Data] = ['email.unsubscribed', { suppressed_globally: true }];

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
        `${describeResponseTo(type, exchange.reply)}, so the state of its lead is not meaningful.`,
      );
    },
    now: () => stateOf(probe, email),
    sees,
    settled: async () => {
      // Once a later event has been processed, a queue has processed everything before it.
      const [type, data] = MARKER;
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
