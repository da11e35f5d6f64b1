/**
 * What is known of campaigns and leads while they run. Changed by `commands.ts` and `simulation.ts` only.
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
  /** Within its campaign, from 1. */
  readonly number: number;
  readonly id: string;
  readonly given: NewLead;
  readonly addedAt: Millis;
  /** What its address decides; null for one like any other. */
  readonly fate: Fate | null;
  status: Lead['status'];
  /** The last e-mail that was sent to it. */
  step: number;
  /** Nothing more is sent to it. */
  ended: boolean;
  removed: boolean;
  /** E-mails of which something is still to come. */
  underWay: number;
  /** Nothing more will come of it. */
  finished: boolean;
  opens: number;
  firstOpenedAt: Millis;
  clicks: number;
  firstClickedAt: Millis;
}

/** A lead that waits for an e-mail, not to be sent before this day. */
export interface Waiting {
  readonly lead: LeadState;
  readonly day: number;
}

/** Leads that wait for the same e-mail of the sequence, the earliest day first. */
export interface Line {
  waiting: Waiting[];
  /** Those before have been served. */
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

/** The next e-mail of a campaign. */
export interface NextSend {
  readonly at: Millis;
  readonly day: number;
  /** Its place among that day's e-mails. */
  readonly slot: number;
}

export interface CampaignState {
  /** Within its account, deleted ones counted, from 1. */
  readonly number: number;
  readonly id: string;
  readonly createdAt: Millis;
  settings: Settings;
  zone: Zone;
  status: 'draft' | 'active' | 'paused' | 'completed';
  profile: ProfileName | 'custom';
  rates: Rates;
  /** Removed ones too; number 1 comes first. */
  readonly leads: LeadState[];
  /** Those that are not removed, by address in lower case. */
  readonly byEmail: Map<string, LeadState>;
  /** How many will have nothing more coming. */
  finished: number;
  /** One for each e-mail of the sequence. */
  lines: Line[];
  /** The day of the last e-mail, and the first place that is free on it. */
  sentDay: number;
  nextSlot: number;
  /** Undefined when it must be worked out anew, null when nothing can be sent. */
  next: NextSend | null | undefined;
  readonly counts: Counts;
}

/** What is still to come of one e-mail. */
export interface Thread {
  at: Millis;
  /** Grows: what is due at the same time happens in the order in which it was sent. */
  readonly order: number;
  readonly lead: LeadState;
  readonly step: number;
  readonly plan: readonly Step[];
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

/** Addresses are told apart as mail servers do in practice: without regard to case. */
export const keyOf = (email: string): string => email.toLowerCase();
