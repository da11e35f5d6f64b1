/**
 * Each of the eight event types.
 *
 * @module
 */
import { EVENT_TYPES } from '../../../../schemas/contract.ts';
import { judgeAccepted } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';

export const check = defineCheck({
  id: 'content/event-types',
  level: 'MUST',
  title: 'Accepts every event type',
  requirement: {
    text: 'There are eight event types; a subscription to all events receives each of them',
    source: 'guide, "Supported events"',
  },
  cause:
    'The handler fails on an event type that it does not use, most often campaign.completed, which has no lead.',
  fix: 'Respond with 2xx to every event type and ignore those you do not need. Read lead_email only from events that have it.',
  catches: ['content-type-unhandled', 'content-lead-required'],
  stage: 'valid',
  after: ['signature/body-reserialized'],
  run: (probe) =>
    judgeAccepted(
      probe,
      EVENT_TYPES.map((type) => ({ name: type, body: probe.event(type) })),
    ),
});
