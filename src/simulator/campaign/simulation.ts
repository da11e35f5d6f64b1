/**
 * Discrete-event simulation of the campaigns of one account.
 *
 * @module
 */
import TinyQueue from 'tinyqueue';
import type { Millis } from '../../domain/delivery.ts';
import { LAST_MOMENT } from '../../domain/time.ts';
import { drawsFor } from './draw.ts';
import type { SimulatedEvent } from './event.ts';
import { inclinationOf, planFor } from './plan.ts';
import { nextSendOf, takeNext, enqueue } from './sending.ts';
import { keyOf, type CampaignState, type LeadState, type EmailThread } from './state.ts';

/** Draw key of a lead's inclination; its e-mails use their step as the key. */
const INCLINATION = 0;

export interface Simulation {
  /** By id, the oldest first; without deleted ones. */
  readonly campaigns: Map<string, CampaignState>;
  /** Globally unsubscribed addresses in lower case, and since when. */
  readonly suppressed: Map<string, Millis>;
  /** Events that came out so far. */
  readonly emitted: () => number;
  /** When the next thing happens; null when nothing does. */
  nextAt(): Millis | null;
  /** Run up to the next event at or before `limit`; null if nothing is due. */
  next(limit: Millis): SimulatedEvent | null;
  /** How many campaigns were ever made: the number of the next is one more. */
  made: number;
  /** Recompute the campaign's next e-mail as of `now`. Call it after every change of the campaign. */
  reschedule(campaign: CampaignState, now: Millis): void;
  /** Looks whether a lead, and with it its campaign, has finished. */
  settle(lead: LeadState, now: Millis): void;
}

export const createSimulation = (seed: number): Simulation => {
  const campaigns = new Map<string, CampaignState>();
  const suppressed = new Map<string, Millis>();
  const threads = new TinyQueue<EmailThread>([], (a, b) => a.at - b.at || a.order - b.order);
  /** Completed at this moment, and not told yet. */
  const completed: { readonly campaign: CampaignState; readonly at: Millis }[] = [];
  let emitted = 0;
  let order = 0;
  /** The campaign that sends first; undefined when it must be looked for. */
  let sender: CampaignState | null | undefined;

  const reschedule = (campaign: CampaignState, now: Millis): void => {
    campaign.next = nextSendOf(campaign, seed, now);
    sender = undefined;
  };

  const firstSender = (): CampaignState | null => {
    if (sender !== undefined) return sender;
    sender = null;
    for (const campaign of campaigns.values()) {
      const at = campaign.next?.at ?? Infinity;
      if (at < (sender?.next?.at ?? Infinity)) sender = campaign;
    }
    return sender;
  };

  const settle = (lead: LeadState, at: Millis): void => {
    const { campaign } = lead;
    const through = lead.ended || lead.step >= campaign.settings.sequences.length;
    if (lead.finished || !through || lead.pendingEmails > 0) return;
    lead.finished = true;
    campaign.finished += 1;
    if (lead.status === 'active') lead.status = 'completed';
    const isLive = campaign.status === 'active' || campaign.status === 'paused';
    if (!isLive || campaign.finished < campaign.leads.length) return;
    campaign.status = 'completed';
    reschedule(campaign, at);
    completed.push({ campaign, at });
  };

  const end = (lead: LeadState, status: LeadState['status']): void => {
    if (!lead.ended) lead.status = status;
    lead.ended = true;
  };

  const event = (
    lead: LeadState,
    step: number,
    at: Millis,
    what: Parameters<typeof count>[1],
  ): SimulatedEvent => {
    const { campaign } = lead;
    const { count: so, firstAt } = count(lead, what, at);
    emitted += 1;
    return { at, number: emitted, campaign, lead, step, what, count: so, firstAt };
  };

  const count = (
    lead: LeadState,
    what: EmailThread['plan'][number] | { readonly kind: 'sent' },
    at: Millis,
  ): { readonly count: number; readonly firstAt: Millis } => {
    const { counts } = lead.campaign;
    switch (what.kind) {
      case 'sent':
        counts.sent += 1;
        break;
      case 'delivered':
        counts.delivered += 1;
        break;
      case 'bounced':
        counts.bounced += 1;
        counts.bounces[what.type] += 1;
        if (what.type === 'hard') end(lead, 'bounced');
        break;
      case 'opened':
        counts.opens += 1;
        lead.opens += 1;
        if (lead.opens === 1) {
          counts.opened += 1;
          lead.firstOpenedAt = at;
        }
        return { count: lead.opens, firstAt: lead.firstOpenedAt };
      case 'clicked':
        counts.clicks += 1;
        lead.clicks += 1;
        if (lead.clicks === 1) {
          counts.clicked += 1;
          lead.firstClickedAt = at;
        }
        return { count: lead.clicks, firstAt: lead.firstClickedAt };
      case 'replied':
        counts.replied += 1;
        counts.replies[what.sentiment] += 1;
        end(lead, 'replied');
        break;
      case 'unsubscribed':
        counts.unsubscribed += 1;
        if (what.globally && !suppressed.has(keyOf(lead.given.email)))
          suppressed.set(keyOf(lead.given.email), at);
        end(lead, 'unsubscribed');
        break;
    }
    return { count: 0, firstAt: at };
  };

  /** @returns null when the lead gets nothing after all */
  const send = (campaign: CampaignState): SimulatedEvent | null => {
    const { at, day, slot } = campaign.next!;
    const lead = takeNext(campaign)!;
    if (suppressed.has(keyOf(lead.given.email))) {
      end(lead, 'suppressed');
      reschedule(campaign, at);
      settle(lead, at);
      return null;
    }
    campaign.sentDay = day;
    campaign.nextSlot = slot + 1;
    lead.step += 1;
    lead.status = 'active';
    const { step, number, fate } = lead;
    const { rates, settings } = campaign;
    const draws = drawsFor(seed, campaign.number, number, INCLINATION);
    const inclination = inclinationOf(draws, rates, settings.sequences.length);
    const email = { step, sent: at, rates, inclination, fate };
    const plan = planFor(drawsFor(seed, campaign.number, number, step), email);
    const [first] = plan;
    if (first !== undefined) {
      threads.push({ at: first.at, order: (order += 1), lead, step, plan, next: 0 });
      lead.pendingEmails += 1;
    }
    enqueue(lead, day);
    const sent = event(lead, step, at, { kind: 'sent' });
    reschedule(campaign, at);
    return sent;
  };

  const goOn = (): SimulatedEvent => {
    const thread = threads.pop()!;
    const { lead, step, plan, at } = thread;
    const what = plan[thread.next]!;
    thread.next += 1;
    const following = plan[thread.next];
    if (following === undefined) lead.pendingEmails -= 1;
    else {
      thread.at = following.at;
      threads.push(thread);
    }
    const happened = event(lead, step, at, what);
    settle(lead, at);
    // A lead that has ended is no longer waiting, so another may be next.
    if (lead.ended && lead.campaign.status === 'active') reschedule(lead.campaign, at);
    return happened;
  };

  const completion = (): SimulatedEvent => {
    const { campaign, at } = completed.shift()!;
    emitted += 1;
    return { at, number: emitted, campaign, lead: null };
  };

  const nextAt = (): Millis | null => {
    const at = Math.min(
      completed[0]?.at ?? Infinity,
      threads.peek()?.at ?? Infinity,
      firstSender()?.next?.at ?? Infinity,
    );
    return at > LAST_MOMENT ? null : at;
  };

  const dropDeleted = (): void => {
    // What is still to come of a deleted campaign is not told.
    for (let top = threads.peek(); top !== undefined; top = threads.peek()) {
      if (campaigns.has(top.lead.campaign.id)) return;
      threads.pop();
    }
  };

  return {
    campaigns,
    suppressed,
    made: 0,
    emitted: () => emitted,
    reschedule,
    settle,
    nextAt: () => {
      dropDeleted();
      return nextAt();
    },
    next: (limit) => {
      for (;;) {
        dropDeleted();
        const at = nextAt();
        if (at === null || at > limit) return null;
        if (completed[0]?.at === at) return completion();
        if (threads.peek()?.at === at) return goOn();
        const sent = send(firstSender()!);
        if (sent !== null) return sent;
      }
    },
  };
};
