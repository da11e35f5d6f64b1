/**
 * Mutants of the area `domain`: they understand events wrongly.
 *
 * @module
 */
import type { LeadState } from '../../../src/conformance/hooks/hooks.ts';
import { ModelReceiver, type Answer, type Event } from '../model/receiver.ts';
import type { Mutant } from './mutant.ts';

const emailOf = ({ data }: Event): string => String(data['lead_email']);
const isHardBounce = ({ event, data }: Event): boolean =>
  event === 'email.bounced' && data['bounce_type'] === 'hard';

/** Suppresses all leads of a group when one of them bounces. */
class SuppressesGroup extends ModelReceiver {
  readonly groupOf: (event: Event) => string;
  readonly members = new Map<string, Set<string>>();
  constructor(secret: string, groupOf: (event: Event) => string) {
    super(secret);
    this.groupOf = groupOf;
  }
  override applyToLead(event: Event): void {
    super.applyToLead(event);
    if (typeof event.data['lead_email'] !== 'string') return;
    const group = this.members.get(this.groupOf(event)) ?? new Set();
    this.members.set(this.groupOf(event), group.add(emailOf(event)));
    if (isHardBounce(event)) for (const email of group) this.lead(email).suppressed = true;
  }
}

export const DOMAIN_MUTANTS: readonly Mutant[] = [
  {
    name: 'domain-state-unknown',
    fault: 'has a state hook that finds no lead',
    make: (secret) =>
      new (class extends ModelReceiver {
        override stateOf(): LeadState {
          return { known: false };
        }
      })(secret),
  },
  {
    name: 'domain-soft-suppresses',
    fault: 'suppresses on every bounce',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          super.applyToLead(event);
          if (event.event === 'email.bounced') this.lead(emailOf(event)).suppressed = true;
        }
      })(secret),
  },
  {
    name: 'domain-soft-clears',
    fault: 'stores of each bounce whether it suppresses',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          super.applyToLead(event);
          if (event.event === 'email.bounced')
            this.lead(emailOf(event)).suppressed = event.data['bounce_type'] === 'hard';
        }
      })(secret),
  },
  {
    name: 'domain-first-bounce-only',
    fault: 'looks at the first bounce of a lead only',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly bounced = new Set<string>();
        override applyToLead(event: Event): void {
          if (event.event === 'email.bounced') {
            if (this.bounced.has(emailOf(event))) return;
            this.bounced.add(emailOf(event));
          }
          super.applyToLead(event);
        }
      })(secret),
  },
  {
    name: 'domain-updates-known-leads',
    fault: 'an unsubscribe or a bounce updates a row, and inserts none',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          const isUpdate = /bounced|unsubscribed/.test(event.event);
          if (isUpdate && !this.disk.leads.has(emailOf(event))) return;
          super.applyToLead(event);
        }
      })(secret),
  },
  {
    name: 'domain-neutral-kept-out',
    fault: 'a neutral reply leaves the sentiment of an earlier one',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          const before = this.disk.leads.get(emailOf(event))?.sentiment;
          super.applyToLead(event);
          if (event.data['reply_sentiment'] !== 'neutral' || typeof before !== 'string') return;
          this.lead(emailOf(event)).sentiment = before;
        }
      })(secret),
  },
  {
    name: 'domain-hard-by-code',
    fault: 'a bounce is hard when its code begins with 5',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          super.applyToLead(event);
          if (event.event === 'email.bounced' && String(event.data['bounce_code']).startsWith('5'))
            this.lead(emailOf(event)).suppressed = true;
        }
      })(secret),
  },
  {
    name: 'domain-suppresses-campaign',
    fault: 'suppresses every lead of the campaign after a hard bounce',
    make: (secret) => new SuppressesGroup(secret, ({ data }) => String(data['campaign_id'])),
  },
  {
    name: 'domain-suppresses-domain',
    fault: 'suppresses every address of the domain after a hard bounce',
    make: (secret) => new SuppressesGroup(secret, (event) => emailOf(event).split('@').at(-1)!),
  },
  {
    name: 'domain-ignores-global',
    fault: 'does not read suppressed_globally',
    also: { 'delivery/retry-after-failure': 'one of its events is a global unsubscribe' },
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          const { suppressed } = this.disk.leads.get(emailOf(event)) ?? { suppressed: false };
          super.applyToLead(event);
          if (event.event === 'email.unsubscribed')
            this.lead(emailOf(event)).suppressed = suppressed;
        }
      })(secret),
  },
  {
    name: 'domain-ignores-campaign-unsubscribe',
    fault: 'ignores an unsubscribe unless it is global',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          const isIgnored =
            event.event === 'email.unsubscribed' && event.data['suppressed_globally'] !== true;
          if (!isIgnored) super.applyToLead(event);
        }
      })(secret),
  },
  {
    name: 'domain-open-first-only',
    fault: 'has a unique key on the open of a lead and step',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly opened = new Set<string>();
        override applyToLead(event: Event): void {
          const key = `${emailOf(event)} ${String(event.data['sequence_step'])}`;
          const isSecond = event.event === 'email.opened' && this.opened.has(key);
          // An older one, or another with the same count, would not change the state either.
          if (isSecond && Number(event.data['open_count']) > 1) return;
          if (event.event === 'email.opened') this.opened.add(key);
          super.applyToLead(event);
        }
      })(secret),
  },
  {
    name: 'domain-one-status',
    fault: 'keeps one status of a lead: bounced or unsubscribed',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          super.applyToLead(event);
          const { bounce_type: bounce, suppressed_globally: isGlobal } = event.data;
          if (event.event === 'email.unsubscribed' && isGlobal === false)
            this.lead(emailOf(event)).suppressed = false;
          if (event.event === 'email.bounced' && bounce === 'hard')
            this.lead(emailOf(event)).unsubscribed = false;
        }
      })(secret),
  },
  {
    name: 'domain-ends-with-campaign',
    fault: 'deletes the leads of a campaign that is completed',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly campaigns = new Map<string, string>();
        override applyToLead(event: Event): void {
          super.applyToLead(event);
          const campaign = String(event.data['campaign_id']);
          if (event.event !== 'campaign.completed') {
            this.campaigns.set(emailOf(event), campaign);
            return;
          }
          for (const [email, last] of this.campaigns) {
            if (last === campaign) this.disk.leads.delete(email);
          }
        }
      })(secret),
  },
  {
    name: 'domain-suppresses-always',
    fault: 'takes every unsubscribe for all campaigns',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          super.applyToLead(event);
          if (event.event === 'email.unsubscribed') this.lead(emailOf(event)).suppressed = true;
        }
      })(secret),
  },
  {
    name: 'domain-resubscribes',
    fault: 'sets the status of a lead with every event',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          super.applyToLead(event);
          const lead = this.disk.leads.get(emailOf(event));
          if (lead !== undefined) lead.unsubscribed = event.event === 'email.unsubscribed';
        }
      })(secret),
  },
  {
    name: 'domain-drops-late-unsubscribe',
    fault: 'drops an unsubscribe that is older than the latest reply',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          const { repliedAt } = this.disk.leads.get(emailOf(event)) ?? { repliedAt: '' };
          if (event.event === 'email.unsubscribed' && event.timestamp < repliedAt) return;
          super.applyToLead(event);
        }
      })(secret),
  },
  {
    name: 'domain-open-overwritten',
    fault: 'writes each open_count over the last one',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          super.applyToLead(event);
          if (event.event !== 'email.opened') return;
          this.lead(emailOf(event)).openCount = Number(event.data['open_count']);
        }
      })(secret),
  },
  {
    name: 'domain-open-added',
    fault: 'adds the open_counts up',
    make: (secret) =>
      new (class extends ModelReceiver {
        override applyToLead(event: Event): void {
          const before = this.disk.leads.get(emailOf(event))?.openCount ?? 0;
          super.applyToLead(event);
          if (event.event !== 'email.opened') return;
          this.lead(emailOf(event)).openCount = before + Number(event.data['open_count']);
        }
      })(secret),
  },
  {
    name: 'domain-rate-nan',
    fault: 'divides what was replied by what was delivered, even when that is nothing',
    make: (secret) =>
      new (class extends ModelReceiver {
        override bounceRate(): number {
          return 0 / 0;
        }
      })(secret),
  },
  {
    name: 'domain-rate-above-one',
    fault: 'counts a bounce as nothing that was sent',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly counts = new Map<string, { sent: number; bounced: number }>();
        override applyToLead(event: Event): void {
          super.applyToLead(event);
          const count = this.counts.get(emailOf(event)) ?? { sent: 0, bounced: 0 };
          this.counts.set(emailOf(event), count);
          if (event.event === 'email.sent') count.sent += 1;
          if (event.event === 'email.bounced') count.bounced += 1;
        }
        override stateOf(email: string): LeadState {
          const { sent, bounced } = this.counts.get(email) ?? { sent: 0, bounced: 0 };
          return { ...super.stateOf(email), rates: { bounce_rate: bounced / Math.max(sent, 1) } };
        }
      })(secret),
  },
  {
    name: 'domain-rate-other-total',
    fault: 'divides the bounces by the bounces and the e-mails that were opened',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly opened = new Map<string, number>();
        override applyToLead(event: Event): void {
          super.applyToLead(event);
          const campaign = String(event.data['campaign_id']);
          if (event.event !== 'email.opened') return;
          this.opened.set(campaign, (this.opened.get(campaign) ?? 0) + 1);
        }
        override stateOf(email: string): LeadState {
          const { campaign = '' } = this.disk.leads.get(email) ?? {};
          const { bounced } = this.tallyOf(campaign);
          const total = Math.max(bounced + (this.opened.get(campaign) ?? 0), 1);
          return { ...super.stateOf(email), rates: { bounce_rate: bounced / total } };
        }
      })(secret),
  },
  {
    name: 'domain-phantom-lead',
    fault: 'reads lead_email of every event',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          const answer = await super.process(event);
          if (event.event === 'campaign.completed') this.lead(emailOf(event));
          return answer;
        }
      })(secret),
  },
  {
    name: 'domain-leads-in-memory',
    fault: 'keeps the leads in a Map and the ids on disk',
    make: (secret) =>
      new (class extends ModelReceiver {
        override boot(): void {
          super.boot();
          this.disk.leads.clear();
        }
      })(secret),
  },
  {
    name: 'domain-leads-written-late',
    fault: 'writes the leads every two seconds and the ids at once',
    make: (secret) =>
      new (class extends ModelReceiver {
        readonly changedAt = new Map<string, number>();
        override applyToLead(event: Event): void {
          super.applyToLead(event);
          this.changedAt.set(emailOf(event), Date.now());
        }
        override boot(): void {
          super.boot();
          for (const [email, at] of this.changedAt)
            if (at > Date.now() - 2000) this.disk.leads.delete(email);
        }
      })(secret),
  },
  {
    name: 'domain-never-pauses',
    fault: 'does not look at bounce rates',
    make: (secret) =>
      new (class extends ModelReceiver {
        override isSpike(): boolean {
          return false;
        }
      })(secret),
  },
  {
    name: 'domain-pauses-at-once',
    fault: 'pauses a campaign on its first bounce',
    make: (secret) =>
      new (class extends ModelReceiver {
        override isSpike({ bounced }: { readonly bounced: number }): boolean {
          return bounced > 0;
        }
      })(secret),
  },
];
