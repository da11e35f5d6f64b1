/**
 * Counts what happens to leads: updates the counters and status of a lead and its campaign.
 *
 * @module
 */
import type { Millis } from '../../domain/delivery.ts';
import type { LeadEvent } from './event.ts';
import { keyOf, type LeadState } from './state.ts';

/** Count of opens or clicks of a lead, and the time of the first one; 0 for other events. */
export interface Repetition {
  readonly count: number;
  readonly firstAt: Millis;
}

/** Send the lead no further e-mails. The status of the first end remains. */
export const endLead = (lead: LeadState, status: LeadState['status']): void => {
  if (!lead.ended) lead.status = status;
  lead.ended = true;
};

const countOpen = (lead: LeadState, at: Millis): Repetition => {
  const { counts } = lead.campaign;
  counts.opens += 1;
  lead.opens += 1;
  if (lead.opens === 1) {
    counts.opened += 1;
    lead.firstOpenedAt = at;
  }
  return { count: lead.opens, firstAt: lead.firstOpenedAt };
};

const countClick = (lead: LeadState, at: Millis): Repetition => {
  const { counts } = lead.campaign;
  counts.clicks += 1;
  lead.clicks += 1;
  if (lead.clicks === 1) {
    counts.clicked += 1;
    lead.firstClickedAt = at;
  }
  return { count: lead.clicks, firstAt: lead.firstClickedAt };
};

/** @param suppressed globally unsubscribed addresses, to which this may add one */
export const countOutcome = (
  lead: LeadState,
  what: LeadEvent['what'],
  at: Millis,
  suppressed: Map<string, Millis>,
): Repetition => {
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
      if (what.type === 'hard') endLead(lead, 'bounced');
      break;
    case 'opened':
      return countOpen(lead, at);
    case 'clicked':
      return countClick(lead, at);
    case 'replied':
      counts.replied += 1;
      counts.replies[what.sentiment] += 1;
      endLead(lead, 'replied');
      break;
    case 'unsubscribed':
      counts.unsubscribed += 1;
      if (what.globally && !suppressed.has(keyOf(lead.given.email)))
        suppressed.set(keyOf(lead.given.email), at);
      endLead(lead, 'unsubscribed');
      break;
  }
  return { count: 0, firstAt: at };
};
