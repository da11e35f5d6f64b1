/**
 * An event type that does not exist yet.
 *
 * @module
 */
import type { Event } from '../../probe/event-maker.ts';
import { failRefused, isRefusedSample, sendSamples } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { fail, pass } from '../../verdict.ts';
import { times } from '../../judge/deliver.ts';
import { toProviderTime } from '../../../domain/time.ts';

/** By then, a real effect would have happened. */
const EFFECT_WITHIN_MS = 300;

export const check = defineCheck({
  id: 'content/unknown-event',
  level: 'SHOULD',
  title: 'Accepts and ignores unknown event types',
  requirement: {
    text: 'A provider adds event types over time. An event that does not get a 2xx is sent four times and becomes a dead letter',
    source: 'guide, "Supported events" and "Step 3: Handle retries"',
  },
  cause:
    'The default branch throws or responds with 4xx, or the last branch handles everything else.',
  fix: 'Respond with 2xx to unknown event types and log them. Match every type you handle by name, and do nothing in the default branch.',
  catches: ['content-unknown-event-refused', 'content-unknown-event-processed'],
  stage: 'valid',
  isLong: true,
  after: ['signature/body-reserialized'],
  run: async (probe) => {
    const event: Event = {
      event: 'lead.merged',
      id: probe.events.freshId(),
      timestamp: toProviderTime(probe.wall.now()),
      data: { lead_email: probe.events.freshEmail(), merged_into: 'lead_new' },
    };
    const sent = await sendSamples(probe, [{ name: `the type ${event.event}`, body: event }]);
    if (sent.some(isRefusedSample)) return failRefused(sent);
    if (probe.effects === null) return pass('accepted; effects were not checked');
    const effects = await probe.effects.settled(event.id, 1, { forMs: EFFECT_WITHIN_MS });
    if (effects === 0) return pass('accepted without effect');
    // Only a note: the hook may count events that were merely seen.
    return fail({
      level: 'INFO',
      expected: ['a 2xx without effect'],
      actual: `accepted, with ${times(effects)}`,
      diagnosis:
        'The effects hook counts an unknown event type as processed. If the hook counts real effects, the type is handled like a known one.',
    });
  },
});
