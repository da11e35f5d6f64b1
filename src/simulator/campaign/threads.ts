/**
 * The remaining events of all sent e-mails, in order of time; at the same time, in the order in which the e-mails were
 * sent.
 *
 * @module
 */
import TinyQueue from 'tinyqueue';
import type { Millis } from '../../domain/delivery.ts';
import type { Step } from './plan.ts';
import type { CampaignState, EmailThread, LeadState } from './state.ts';

export interface EmailThreads {
  /** Time of the next event; Infinity if there are no more. */
  nextAt(): Millis;
  /** Start a thread with the events of an e-mail. */
  add(lead: LeadState, step: number, plan: readonly Step[]): void;
  /** Remove and return the next event, of which there must be one. */
  next(): { readonly lead: LeadState; readonly step: number; readonly what: Step };
}

/** @param campaigns the existing campaigns: events of deleted ones are dropped */
export const createThreads = (campaigns: ReadonlyMap<string, CampaignState>): EmailThreads => {
  const queue = new TinyQueue<EmailThread>([], (a, b) => a.at - b.at || a.order - b.order);
  let order = 0;

  const dropDeleted = (): void => {
    for (let top = queue.peek(); top !== undefined; top = queue.peek()) {
      if (campaigns.has(top.lead.campaign.id)) return;
      queue.pop();
    }
  };

  return {
    nextAt: () => {
      dropDeleted();
      return queue.peek()?.at ?? Infinity;
    },
    add: (lead, step, plan) => {
      const [first] = plan;
      if (first === undefined) return;
      queue.push({ at: first.at, order: (order += 1), lead, step, plan, next: 0 });
      lead.pendingEmails += 1;
    },
    next: () => {
      const thread = queue.pop()!;
      const { lead, step, plan } = thread;
      const what = plan[thread.next]!;
      thread.next += 1;
      const following = plan[thread.next];
      if (following === undefined) lead.pendingEmails -= 1;
      else {
        thread.at = following.at;
        queue.push(thread);
      }
      return { lead, step, what };
    },
  };
};
