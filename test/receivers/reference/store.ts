/**
 * The database behind every Node receiver here, so that each of them is about its stack alone: an event's mark and
 * its effect are one transaction, as with a unique key on the event's id.
 *
 * @module
 */
import type { DeadLetterSource, LeadState } from '../../../src/conformance/hooks/hooks.ts';

export interface Event {
  readonly event: string;
  readonly id: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Lead {
  suppressed: boolean;
  unsubscribed: boolean;
  openCount: number;
  sentiment: string | null;
  repliedAt: number;
  /** Its latest. */
  campaign: string;
}

interface Tally {
  sent: number;
  bounced: number;
}

/** What outlives the receiver's process. */
export interface Disk {
  /** Ids in the order of their effects. */
  readonly effects: string[];
  readonly done: Set<string>;
  /** Events that were acknowledged and are still to be processed. */
  readonly inbox: Map<string, Event>;
  readonly leads: Map<string, Lead>;
  /** E-mails by campaign. */
  readonly campaigns: Map<string, Tally>;
  /** The CRM, where effects go, does not answer. */
  crmDown: boolean;
}

export const emptyDisk = (): Disk => ({
  effects: [],
  done: new Set(),
  inbox: new Map(),
  leads: new Map(),
  campaigns: new Map(),
  crmDown: false,
});

/** A round trip to the database. */
const roundTrip = (): Promise<void> => new Promise(setImmediate);

/** One process's connection to what is on disk. */
export class Store {
  readonly #disk: Disk;
  #lost = false;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** The process is gone: nothing that it began goes on. */
  lose(): void {
    this.#lost = true;
  }

  /** Does what the event asks for, unless that was done before. @throws when the CRM does not answer, or it is no event */
  async process(event: Event): Promise<'done' | 'known'> {
    await this.#turn();
    const disk = this.#disk;
    if (typeof event?.id !== 'string' || typeof event.data !== 'object' || event.data === null) {
      throw new TypeError('that is no event');
    }
    if (disk.done.has(event.id)) return 'known';
    if (disk.crmDown) throw new Error('the CRM does not answer');
    disk.done.add(event.id);
    if (apply(event, disk)) disk.effects.push(event.id);
    return 'done';
  }

  /** Puts an event where it is safe until somebody processes it. */
  async keep(event: Event): Promise<void> {
    await this.#turn();
    if (!this.#disk.done.has(event.id)) this.#disk.inbox.set(event.id, event);
  }

  /**
   * Processes what was kept, each event separately: one that fails stays and delays no other.
   *
   * @param work what is to be done for each besides
   */
  async processKept(work: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    for (const event of this.#disk.inbox.values()) {
      await work();
      await this.process(event).then(
        () => this.#disk.inbox.delete(event.id),
        () => false,
      );
    }
  }

  async #turn(): Promise<void> {
    await roundTrip();
    if (this.#lost) await new Promise<never>(() => {});
  }
}

/** @returns whether the event is one that this receiver acts on */
const apply = ({ event, timestamp, data }: Event, disk: Disk): boolean => {
  if (!/^(email|campaign)\./.test(event)) return false;
  const campaign = String(data['campaign_id']);
  const tally = disk.campaigns.get(campaign) ?? { sent: 0, bounced: 0 };
  disk.campaigns.set(campaign, tally);
  if (event === 'email.sent') tally.sent += 1;
  if (event === 'email.bounced') tally.bounced += 1;
  const email = data['lead_email'];
  if (typeof email !== 'string') return true;
  const fresh = { suppressed: false, unsubscribed: false, openCount: 0, sentiment: null };
  const lead = disk.leads.get(email) ?? { ...fresh, repliedAt: 0, campaign };
  disk.leads.set(email, lead);
  lead.campaign = campaign;
  if (event === 'email.bounced' && data['bounce_type'] === 'hard') lead.suppressed = true;
  if (event === 'email.unsubscribed') {
    lead.unsubscribed = true;
    if (data['suppressed_globally'] === true) lead.suppressed = true;
  }
  if (event === 'email.opened') {
    lead.openCount = Math.max(lead.openCount, Number(data['open_count'] ?? 0));
  }
  if (event === 'email.replied' && Date.parse(timestamp) >= lead.repliedAt) {
    lead.repliedAt = Date.parse(timestamp);
    lead.sentiment = String(data['reply_sentiment']);
  }
  return true;
};

export const leadState = (disk: Disk, email: string): LeadState => {
  const lead = disk.leads.get(email);
  if (lead === undefined) return { known: false };
  const { suppressed, unsubscribed, openCount, sentiment, campaign } = lead;
  const { sent, bounced } = disk.campaigns.get(campaign)!;
  const rates = { bounce_rate: sent === 0 ? null : Math.min(1, bounced / sent) };
  return { known: true, suppressed, unsubscribed, open_count: openCount, sentiment, rates };
};

/** The daily job: each dead letter is processed, then acknowledged. */
export const recoverDeadLetters = async (
  { apiUrl, apiKey, webhookId }: DeadLetterSource,
  store: Store,
): Promise<void> => {
  const headers = { 'x-user-context': apiKey };
  const failed = `${apiUrl}/v1/webhooks/${webhookId}/failed-events`;
  for (;;) {
    const { data } = (await (await fetch(failed, { headers })).json()) as { data: Event[] };
    if (data.length === 0) return;
    for (const event of data) {
      await store.process(event);
      await fetch(`${failed}/${event.id}/acknowledge`, { method: 'POST', headers });
    }
  }
};
