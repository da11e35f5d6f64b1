/**
 * Each of the eight types.
 *
 * @module
 */
import { EVENT_TYPES } from '../../../../schemas/contract.ts';
import { judgeAccepted } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';

export const check = defineCheck({
  id: 'content/event-types',
  level: 'MUST',
  title: 'Accepts every type of event',
  requirement: {
    text: 'There are eight types of events; a subscription to all events gets each of them',
    source: 'guide, "Supported events"',
  },
  cause:
    'A type that the receiver does not use fails in its handler: campaign.completed, which has no lead, is the usual one.',
  fix: 'Answer 2xx to every type; do nothing for those that you do not need. Read lead_email only in events that have it.',
  catches: ['content-type-unhandled', 'content-lead-required'],
  stage: 'valid',
  after: ['signature/body-reserialized'],
  run: (probe) =>
    judgeAccepted(
      probe,
      EVENT_TYPES.map((type) => ({ name: type, body: probe.event(type) })),
    ),
});
