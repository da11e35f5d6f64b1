/**
 * An event of the simulation, before its data is generated.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Millis } from '../../domain/delivery.ts';
import type { Step } from './plan.ts';
import type { CampaignState, LeadState } from './state.ts';

interface Common {
  readonly at: Millis;
  /** Sequence number within the account, from 1. */
  readonly number: number;
  readonly campaign: CampaignState;
}

export interface LeadEvent extends Common {
  readonly lead: LeadState;
  /** Number of the e-mail in the sequence, from 1. */
  readonly step: number;
  readonly what: Step | { readonly kind: 'sent' };
  /** Opens or clicks of this lead so far, and the time of the first one. */
  readonly count: number;
  readonly firstAt: Millis;
}

export interface Completion extends Common {
  readonly lead: null;
}

export type SimulatedEvent = LeadEvent | Completion;

const TYPES = {
  sent: 'email.sent',
  delivered: 'email.delivered',
  bounced: 'email.bounced',
  opened: 'email.opened',
  clicked: 'email.clicked',
  replied: 'email.replied',
  unsubscribed: 'email.unsubscribed',
} as const satisfies Record<LeadEvent['what']['kind'], EventType>;

export const typeOf = (event: SimulatedEvent): EventType =>
  event.lead === null ? 'campaign.completed' : TYPES[event.what.kind];
