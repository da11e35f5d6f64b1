/**
 * A lead of the suite: its events, and its state in the receiver.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Verdict } from '../check.ts';
import { deliver, settleBehind } from './deliver.ts';
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

/** The receiver knows no further lead, so the state of this one depends on other checks. */
class NotFresh extends Error {
  override readonly name = 'NotFresh';
}

/** Addresses that were given for leads, keyed by an object that is unique per run. */
const used = new WeakMap<Probe['signing'], Set<string>>();

/** @throws {NotFresh} for an address that was given before */
const requireFresh = ({ signing }: Probe, email: string): void => {
  const before = used.get(signing) ?? new Set();
  used.set(signing, before);
  if (before.has(email)) throw new NotFresh(email);
  before.add(email);
};

/**
 * Run a judgment by states; not tested if the receiver does not accept the events.
 *
 * @param explain another verdict than a failure, such as that the receiver does not act on the event type; null without one
 */
export const judgeLeads = async (
  judge: () => Promise<Verdict>,
  explain: () => Promise<Verdict | null> = async () => null,
): Promise<Verdict> => {
  try {
    const verdict = await judge();
    return verdict.status === 'fail' ? ((await explain()) ?? verdict) : verdict;
  } catch (error) {
    if (error instanceof NotAccepted) return notTested(error.message);
    if (error instanceof NotFresh) return notTested({ needs: 'known_leads' });
    throw error;
  }
};

/** A state that follows its events later is waited for as long as the run has seen, and longer. */
const LAG_FACTOR = 2.5;
const MAX_STILL_MS = 2500;
/** Of a state that has not lagged behind yet. Milliseconds. */
export const STILL_MS = 60;

interface StateLag {
  longestMs: number;
}

const lagOf = ({ memory }: Probe): StateLag => memory.once('state lag', () => ({ longestMs: 0 }));

/** How long a state must stay the same before it counts as final. Milliseconds. */
export const stillMsOf = (probe: Probe): number =>
  Math.min(MAX_STILL_MS, Math.max(STILL_MS, LAG_FACTOR * lagOf(probe).longestMs));

/** An event that every receiver stores, whether it keeps all leads or only suppressions. */
const MARKER: readonly [EventType, Data] = ['email.unsubscribed', { suppressed_globally: true }];

const stateOf = (probe: Probe, email: string): Promise<LeadState> => {
  const { state } = probe.hooks;
  if (state === undefined)
    throw new HookError('A check that uses the state hook must list it in "needs".');
  return state(email);
};

/** Wait until a later event has been processed: then a queue has processed everything before it. */
const settleBehindLead = async (probe: Probe): Promise<void> => {
  if (probe.effects !== null) {
    await settleBehind(probe);
    return;
  }
  const [type, data] = MARKER;
  const last = probe.event(type, data);
  if (!isAccepted(await deliver(probe, last))) return;
  const address = String(last.data['lead_email']);
  await waitFor(
    probe.wall,
    () => stateOf(probe, address),
    ({ known }) => known,
    { queue: probe.queue },
  );
};

/** The one thread that a lead replies in. */
export const threadOf = (leadId: unknown): string => `thrd_${String(leadId).slice('lead_'.length)}`;

/**
 * @param given data of every event of this lead, such as its campaign
 * @throws {NotFresh} if the receiver knows no further lead; {@link judgeLeads} handles it
 */
export const createLead = (probe: Probe, given: Data = {}): Lead => {
  const base = probe.event('email.opened').data;
  const email = String(given['lead_email'] ?? base['lead_email']);
  if (probe.leadEmail !== null && given['lead_email'] === undefined) requireFresh(probe, email);
  // Of one e-mail: what becomes of a lower step is for delivery/changed-values.
  const person = { lead_email: email, lead_id: base['lead_id'], sequence_step: 1, ...given };
  const thread = { thread_id: threadOf(base['lead_id']) };
  const dataOf = (type: EventType): Data =>
    type === 'email.replied' ? { ...person, ...thread } : person;
  const { queue } = probe;
  const lag = lagOf(probe);
  const sees: Lead['sees'] = async (fits) => {
    const since = probe.wall.now();
    const state = await waitFor(probe.wall, () => stateOf(probe, email), fits, { queue });
    if (fits(state)) lag.longestMs = Math.max(lag.longestMs, probe.wall.now() - since);
    return state;
  };
  return {
    email,
    send: async (type, data = {}, envelope = {}) => {
      const exchange = await deliver(
        probe,
        probe.event(type, { ...dataOf(type), ...data }, envelope),
      );
      if (isAccepted(exchange)) return exchange;
      throw new NotAccepted(
        `${describeResponseTo(type, exchange.reply)}, so the state of its lead is not meaningful.`,
      );
    },
    now: () => stateOf(probe, email),
    sees,
    settled: async () => {
      await settleBehindLead(probe);
      const stillMs = stillMsOf(probe);
      let before = '';
      let since = probe.wall.now();
      return waitFor(
        probe.wall,
        () => stateOf(probe, email),
        (now) => {
          const text = JSON.stringify(now);
          if (text !== before) since = probe.wall.now();
          before = text;
          return probe.wall.now() - since >= stillMs;
        },
        { everyMs: STILL_MS },
      );
    },
  };
};
