/**
 * Discrete-event simulation of the campaigns of one account.
 *
 * `commands.ts` changes the campaigns between events; {@link Simulation.next} runs the earliest event. Which events
 * follow depends only on the seed, the commands and their times, so the simulation can be replayed to any point.
 *
 * **Sources of events**, in this order if due at the same time: the completion of a campaign, the remaining events of
 * sent e-mails ({@link EmailThreads}), and the next e-mail of the campaign that sends first ({@link Senders}). All events
 * of an e-mail are drawn when it is sent.
 *
 * **States.** A campaign is `draft → active ⇄ paused → completed`. A paused campaign sends nothing, but events of its sent
 * e-mails continue. A lead is *ended* once it is sent no further e-mail (hard bounce, reply, unsubscription, removal, or
 * suppression), and *finished* once no event of it can follow. A campaign is completed when all its leads are finished.
 *
 * **Failure.** The simulation does no I/O and does not fail. Its caller persists commands and emitted events, see
 * `../campaigns.ts`.
 *
 * @module
 */
import type { Millis } from '../../domain/delivery.ts';
import { LAST_MOMENT } from '../../domain/time.ts';
import { drawsFor } from './draw.ts';
import type { LeadEvent, SimulatedEvent } from './event.ts';
import { countOutcome, endLead } from './outcomes.ts';
import { inclinationOf, planFor, type Step } from './plan.ts';
import { createSenders } from './senders.ts';
import { enqueue, takeNext } from './sending.ts';
import { keyOf, type CampaignState, type LeadState } from './state.ts';
import { createThreads } from './threads.ts';

/** Draw key of a lead's inclination; its e-mails use their step as the key. */
const INCLINATION = 0;

export interface Simulation {
  /** By id, oldest first, without deleted ones. */
  readonly campaigns: Map<string, CampaignState>;
  /** Globally unsubscribed addresses in lower case, and since when. */
  readonly suppressed: Map<string, Millis>;
  /** Number of events emitted so far. */
  readonly emitted: () => number;
  /** Time of the next event; null if no event falls within the supported times. */
  nextAt(): Millis | null;
  /** Run up to the next event at or before `limit`; null if nothing is due. */
  next(limit: Millis): SimulatedEvent | null;
  /** Number of campaigns created so far, including deleted ones. */
  made: number;
  /** Recompute the campaign's next e-mail as of `now`. Call it after every change of the campaign. */
  reschedule(campaign: CampaignState, now: Millis): void;
  /** Check whether a lead, and with it its campaign, has finished. Call it after a lead was ended. */
  settle(lead: LeadState, now: Millis): void;
}

/** Whether no event of the lead can follow. */
const isFinished = ({ ended, step, campaign, pendingEmails }: LeadState): boolean =>
  (ended || step >= campaign.settings.sequences.length) && pendingEmails === 0;

/** Draw the events of an e-mail sent at `sent`. */
const drawPlan = (seed: number, lead: LeadState, sent: Millis): readonly Step[] => {
  const { campaign, step, number, fate } = lead;
  const { rates, settings } = campaign;
  const draws = drawsFor(seed, campaign.number, number, INCLINATION);
  const inclination = inclinationOf(draws, rates, settings.sequences.length);
  const email = { step, sent, rates, inclination, fate };
  return planFor(drawsFor(seed, campaign.number, number, step), email);
};

export const createSimulation = (seed: number): Simulation => {
  const campaigns = new Map<string, CampaignState>();
  const suppressed = new Map<string, Millis>();
  const threads = createThreads(campaigns);
  const senders = createSenders(campaigns, seed);
  /** Campaigns that are completed but whose event was not emitted yet. */
  const completed: { readonly campaign: CampaignState; readonly at: Millis }[] = [];
  let emitted = 0;

  const settle = (lead: LeadState, at: Millis): void => {
    const { campaign } = lead;
    if (lead.finished || !isFinished(lead)) return;
    lead.finished = true;
    campaign.finished += 1;
    if (lead.status === 'active') lead.status = 'completed';
    const isLive = campaign.status === 'active' || campaign.status === 'paused';
    if (!isLive || campaign.finished < campaign.leads.length) return;
    campaign.status = 'completed';
    senders.reschedule(campaign, at);
    completed.push({ campaign, at });
  };

  const emit = (lead: LeadState, step: number, at: Millis, what: LeadEvent['what']): LeadEvent => {
    const { count, firstAt } = countOutcome(lead, what, at, suppressed);
    emitted += 1;
    return { at, number: emitted, campaign: lead.campaign, lead, step, what, count, firstAt };
  };

  /** @returns null if the lead was unsubscribed globally meanwhile and is skipped */
  const send = (campaign: CampaignState): SimulatedEvent | null => {
    const { at, day, slot } = campaign.next!;
    const lead = takeNext(campaign)!;
    if (suppressed.has(keyOf(lead.given.email))) {
      endLead(lead, 'suppressed');
      senders.reschedule(campaign, at);
      settle(lead, at);
      return null;
    }
    campaign.sentDay = day;
    campaign.nextSlot = slot + 1;
    lead.step += 1;
    lead.status = 'active';
    threads.add(lead, lead.step, drawPlan(seed, lead, at));
    enqueue(lead, day);
    const sent = emit(lead, lead.step, at, { kind: 'sent' });
    senders.reschedule(campaign, at);
    return sent;
  };

  const continueThread = (): SimulatedEvent => {
    const { lead, step, what } = threads.next();
    const event = emit(lead, step, what.at, what);
    settle(lead, what.at);
    // A lead that has ended is no longer waiting, so another may be next.
    if (lead.ended && lead.campaign.status === 'active') senders.reschedule(lead.campaign, what.at);
    return event;
  };

  const complete = (): SimulatedEvent => {
    const { campaign, at } = completed.shift()!;
    emitted += 1;
    return { at, number: emitted, campaign, lead: null };
  };

  const nextAt = (): Millis =>
    Math.min(completed[0]?.at ?? Infinity, threads.nextAt(), senders.first()?.next?.at ?? Infinity);

  return {
    campaigns,
    suppressed,
    made: 0,
    emitted: () => emitted,
    reschedule: senders.reschedule,
    settle,
    nextAt: () => {
      const at = nextAt();
      return at > LAST_MOMENT ? null : at;
    },
    next: (limit) => {
      for (;;) {
        const at = nextAt();
        if (at > Math.min(limit, LAST_MOMENT)) return null;
        if (completed[0]?.at === at) return complete();
        if (threads.nextAt() === at) return continueThread();
        const sent = send(senders.first()!);
        if (sent !== null) return sent;
      }
    },
  };
};
