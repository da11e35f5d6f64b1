/**
 * Optional members present, absent, and null where that is allowed.
 *
 * @module
 */
import { judgeAccepted } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { optionalVariations } from '../../samples/legal-data.ts';

export const check = defineCheck({
  id: 'content/optional-null',
  level: 'MUST',
  title: 'Accepts events without what is optional',
  requirement: {
    text: 'lead_name, lead_company, user_agent, ip_country and bounce_message are left out when nobody knows them',
    source: 'sent today: spec/asyncapi.yaml, required members of each data',
  },
  cause: 'A member that can be absent is used as if it were always there.',
  fix: 'Give it a default where it is read (JavaScript: `data.lead_name ?? ""`; Python: data.get("lead_name"); a typed model: optional), and allow NULL in its column.',
  catches: ['content-lead-name-required', 'content-user-agent-required'],
  stage: 'valid',
  after: ['signature/body-reserialized', 'content/event-types'],
  run: (probe) =>
    judgeAccepted(
      probe,
      optionalVariations().map(({ type, name, data }) => ({ name, body: probe.event(type, data) })),
    ),
});
