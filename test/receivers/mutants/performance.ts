/**
 * Mutants of the area `performance`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModelReceiver, type Answer, type Event } from '../model/receiver.ts';
import { crowdGathers } from './crowd.ts';
import type { MoreOfMutant, Mutant } from './mutant.ts';

/** Counts the events of each campaign: every check has a campaign of its own. */
const delayed = (
  name: string,
  fault: string,
  delay: (ofCampaign: number, busy: number) => number,
  more: MoreOfMutant = {},
): Mutant => ({
  name: `performance-${name}`,
  fault,
  make: (secret) =>
    new (class extends ModelReceiver {
      busy = 0;
      readonly campaigns = new Map<string, number>();
      override async process(event: Event): Promise<Answer> {
        const campaign = String(event.data?.['campaign_id']);
        const count = (this.campaigns.get(campaign) ?? 0) + 1;
        this.campaigns.set(campaign, count);
        const ms = delay(count, this.busy);
        if (ms > 0) await sleep(ms);
        return super.process(event);
      }
      override async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
        this.busy += 1;
        await crowdGathers(() => this.busy);
        try {
          await super.serve(request, response);
        } finally {
          this.busy -= 1;
        }
      }
    })(secret),
  ...more,
});

export const PERFORMANCE_MUTANTS: readonly Mutant[] = [
  delayed(
    'slow',
    'calls the CRM before it answers',
    (count, busy) => (count > 8 && count < 13 && busy === 1 ? 2700 : 0),
    // Every check that sends several events would wait for them.
    { without: ['effects', 'state', 'fault', 'restart', 'recover'] },
  ),
  delayed(
    'crowded',
    'lets a crowd wait for one lock',
    (_, busy) => (busy > 12 ? 2800 : 0),
    // Every crowd would wait.
    { without: ['effects', 'state', 'fault', 'restart', 'recover'] },
  ),
  {
    name: 'performance-quadratic-pattern',
    fault: 'trims the lines of a reply by a pattern that backtracks',
    make: (secret) =>
      new (class extends ModelReceiver {
        override async process(event: Event): Promise<Answer> {
          const { length } = String(event.data?.['reply_preview']).match(/ {1000,}/)?.[0] ?? '';
          // What the pattern would take; it would stop the other receivers of this process, too.
          if (length > 0) await sleep((length / 40_000) ** 2 * 1000);
          return super.process(event);
        }
      })(secret),
  },
  {
    name: 'performance-breaks-in-burst',
    fault: 'runs out of database connections',
    make: (secret) =>
      new (class extends ModelReceiver {
        busy = 0;
        override async receive(raw: Buffer, request: IncomingMessage): Promise<Answer> {
          this.busy += 1;
          try {
            // A connection is held for a moment; 55 is all that there are.
            if (this.busy > 55) return { status: 500 };
            await crowdGathers(() => this.busy);
            return await super.receive(raw, request);
          } finally {
            this.busy -= 1;
          }
        }
      })(secret),
  },
  delayed('grows', 'looks through all earlier events of the campaign', (count) =>
    count > 46 && count < 200 ? 24 : 0,
  ),
];
