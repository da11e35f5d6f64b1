/**
 * A type of event that there is not yet.
 *
 * @module
 */
import type { Event } from '../../probe/event-maker.ts';
import { failRefused, isRefusedSample, sendSamples } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { fail, pass } from '../../verdict.ts';
import { toProviderTime } from '../../../domain/time.ts';

/** A real effect would be there by then. Milliseconds. */
const LOOKED_FOR_MS = 300;

export const check = defineCheck({
  id: 'content/unknown-event',
  level: 'SHOULD',
  title: 'Takes an unknown type of event, and does nothing with it',
  requirement: {
    text: 'A provider adds types; what is not answered 2xx is sent four times and ends as a dead letter',
    source: 'guide, "Supported events" and "Step 3: Handle retries"',
  },
  cause: 'The default branch throws or answers 4xx; or the last branch takes whatever is left.',
  fix: 'Answer 2xx to types that you do not know, and log them. Name every type that you act on; let the default branch do nothing.',
  catches: ['content-unknown-event-refused', 'content-unknown-event-processed'],
  stage: 'valid',
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
    if (probe.effects === null) return pass('accepted; its effects were not looked at');
    const effects = await probe.effects.settled(event.id, 1, { forMs: LOOKED_FOR_MS });
    if (effects === 0) return pass('accepted, without effect');
    // Less grave: what the hook counts may be no more than that somebody looked at it.
    return fail({
      level: 'INFO',
      expected: ['a 2xx and no effect'],
      actual: `accepted, and it took effect: ${effects}`,
      diagnosis:
        'An unknown type is counted as processed. If the hook counts real effects, it is handled like one of the known types.',
    });
  },
});
