/**
 * The event used by all delivery benchmarks: an envelope of about 600 bytes.
 *
 * @module
 */
import type { EventToPublish } from '../../src/engine/event-source.ts';

export const SECRET = 'whsec_your-signing-secret';
/** Number of requests in flight, in the engine and in the bare loop. */
export const CONCURRENCY = 64;

export const sample: EventToPublish = {
  event: 'email.replied',
  data: {
    campaign_id: 'cmp_abc123',
    campaign_name: 'Q2 Series B Outreach',
    lead_id: 'lead_xyz789',
    lead_email: 'sarah@example.com',
    lead_name: 'Sarah Chen',
    lead_company: 'Acme Corp',
    sequence_step: 1,
    reply_sentiment: 'positive',
    reply_preview:
      "Thanks for reaching out. We're actually looking at this right now. Can you do Thursday at 2pm? ".repeat(
        2,
      ),
    thread_id: 'thrd_def456',
  },
};

export const sampleBody: string = JSON.stringify({
  event: sample.event,
  id: 'evt_01J00000000000000000000000',
  timestamp: '2026-04-06T14:23:17Z',
  data: sample.data,
});
