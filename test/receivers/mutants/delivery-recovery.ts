/**
 * Mutants of the area `delivery` that recover dead letters wrongly.
 *
 * @module
 */
import type { DeadLetterSource } from '../../../src/conformance/hooks/hooks.ts';
import { ModelReceiver, type Event } from '../model/receiver.ts';
import type { Mutant } from './mutant.ts';

interface Page {
  readonly data: readonly Event[];
}

type Headers = Readonly<Record<string, string>>;

const acknowledge = async (base: string, id: string, headers: Headers): Promise<void> => {
  await fetch(`${base}/${id}/acknowledge`, { method: 'POST', headers });
};

export const RECOVERY_MUTANTS: readonly Mutant[] = [
  {
    name: 'delivery-recovery-never-acknowledges',
    fault: 'processes dead letters and leaves them in the queue',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async recover({ apiUrl, apiKey, webhookId }: DeadLetterSource): Promise<void> {
          const headers = { 'x-user-context': apiKey };
          const base = `${apiUrl}/v1/webhooks/${webhookId}/failed-events?limit=100`;
          const { data } = (await (await fetch(base, { headers })).json()) as Page;
          for (const event of data) await this.process(event);
        }
      })(secret),
  },
  {
    name: 'delivery-recovery-acknowledges-only',
    fault: 'acknowledges dead letters without processing them',
    make: (secret) =>
      new (class extends ModelReceiver {
        override recoverOne({ id }: Event, base: string, headers: Headers): Promise<void> {
          return acknowledge(base, id, headers);
        }
      })(secret),
  },
  {
    name: 'delivery-recovery-processes-twice',
    fault: 'posts each dead letter to a second handler as well',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async recoverOne(event: Event, base: string, headers: Headers): Promise<void> {
          await super.recoverOne(event, base, headers);
          await this.apply(event);
        }
      })(secret),
  },
  {
    name: 'delivery-recovery-first-page-only',
    fault: 'looks at the first page of dead letters',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async recover({ apiUrl, apiKey, webhookId }: DeadLetterSource): Promise<void> {
          const headers = { 'x-user-context': apiKey };
          const base = `${apiUrl}/v1/webhooks/${webhookId}/failed-events`;
          const { data } = (await (await fetch(base, { headers })).json()) as Page;
          for (const event of data) await this.recoverOne(event, base, headers);
        }
      })(secret),
  },
  {
    name: 'delivery-recovery-acknowledges-first',
    fault: 'acknowledges dead letters and then processes them',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async recoverOne(event: Event, base: string, headers: Headers): Promise<void> {
          await acknowledge(base, event.id, headers);
          const { status } = await this.process(event);
          if (status >= 300) throw new Error(`${event.id} cannot be processed now`);
        }
      })(secret),
  },
  {
    name: 'delivery-recovery-past-dedupe',
    fault: 'processes dead letters without looking whether they came',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async recoverOne(event: Event, base: string, headers: Headers): Promise<void> {
          await this.apply(event);
          this.seen.add(event.id);
          await acknowledge(base, event.id, headers);
        }
      })(secret),
  },
];
