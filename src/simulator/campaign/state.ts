/**
 * State of campaigns and leads. Changed by `commands.ts`, `sending.ts` and the simulation only.
 *
 * @module
 */
import type { CreateCampaignRequest, Lead, NewLead } from '../../../schemas/control.ts';
import type { BounceType, ReplySentiment } from '../../../schemas/events.ts';
import type { ProfileName } from '../../../schemas/sandbox.ts';
import type { Millis } from '../../domain/delivery.ts';
import type { Fate } from './magic.ts';
import type { Step } from './plan.ts';
import type { Rates } from './rates.ts';
import type { Zone } from './zone.ts';

export type Settings = CreateCampaignRequest;

export interface LeadState {
  readonly campaign: CampaignState;
  /** Number within its campaign, from 1. */
  readonly number: number;
  readonly id: string;
  readonly given: NewLead;
  readonly addedAt: Millis;
  /** Outcome fixed by its address; null for an ordinary address. */
  readonly fate: Fate | null;
  status: Lead['status'];
  /** Number of the last e-mail sent to it; 0 before the first. */
  step: number;
  /** No further e-mail is sent to it. */
  ended: boolean;
  removed: boolean;
  /** E-mails with events still to come. */
  pendingEmails: number;
  /** It causes no further events. */
  finished: boolean;
  opens: number;
  firstOpenedAt: Millis;
  clicks: number;
  firstClickedAt: Millis;
}

/** A lead waiting for an e-mail, which is not sent before this local day. */
export interface Waiting {
  readonly lead: LeadState;
  readonly day: number;
}

/** Leads waiting for the same e-mail of the sequence, earliest day first. */
export interface SendQueue {
  waiting: Waiting[];
  /** Index of the first waiting lead. */
  head: number;
}

export interface Counts {
  sent: number;
  delivered: number;
  opened: number;
  opens: number;
  clicked: number;
  clicks: number;
  replied: number;
  readonly replies: Record<ReplySentiment, number>;
  bounced: number;
  readonly bounces: Record<BounceType, number>;
  unsubscribed: number;
}

/** The slot of a campaign's next e-mail. */
export interface NextSend {
  readonly at: Millis;
  readonly day: number;
  /** Index among the slots of the day. */
  readonly slot: number;
}

export interface CampaignState {
  /** Number within its account, from 1; numbers of deleted campaigns are not reused. */
  readonly number: number;
  readonly id: string;
  readonly createdAt: Millis;
  settings: Settings;
  zone: Zone;
  status: 'draft' | 'active' | 'paused' | 'completed';
  profile: ProfileName | 'custom';
  rates: Rates;
  /** By number, including removed ones. */
  readonly leads: LeadState[];
  /** Without removed ones, by lower-case address. */
  readonly byEmail: Map<string, LeadState>;
  /** Number of leads that are finished. */
  finished: number;
  /** One per e-mail of the sequence. */
  queues: SendQueue[];
  /** Local day of the last e-mail, and the first free slot on it. */
  sentDay: number;
  nextSlot: number;
  /** Null if nothing can be sent. */
  next: NextSend | null;
  readonly counts: Counts;
}

/** The remaining events of one e-mail. */
export interface EmailThread {
  at: Millis;
  /** Increasing: events due at the same time happen in the order in which their e-mails were sent. */
  readonly order: number;
  readonly lead: LeadState;
  readonly step: number;
  readonly plan: readonly Step[];
  /** Index of the next step of the plan. */
  next: number;
}

export const noCounts = (): Counts => ({
  sent: 0,
  delivered: 0,
  opened: 0,
  opens: 0,
  clicked: 0,
  clicks: 0,
  replied: 0,
  replies: { positive: 0, neutral: 0, negative: 0, out_of_office: 0, unsubscribe: 0 },
  bounced: 0,
  bounces: { hard: 0, soft: 0 },
  unsubscribed: 0,
});

/** Key of an address. Addresses are compared without regard to case, as mail servers do in practice. */
export const keyOf = (email: string): string => email.toLowerCase();
