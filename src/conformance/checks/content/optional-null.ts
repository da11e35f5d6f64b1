/**
 * Optional fields present, absent, and null where allowed.
 *
 * @module
 */
import { judgeAccepted } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { optionalVariations } from '../../samples/legal-data.ts';

export const check = defineCheck({
  id: 'content/optional-null',
  level: 'MUST',
  title: 'Accepts events without optional fields',
  requirement: {
    text: 'lead_name, lead_company, user_agent, ip_country and bounce_message are omitted when unknown',
    source: 'sent today: spec/asyncapi.yaml, required fields of each data schema',
  },
  cause: 'The handler reads an optional field as if it were always present.',
  fix: 'Use a default where the field is read (JavaScript: `data.lead_name ?? ""`; Python: data.get("lead_name"); typed models: optional), and allow NULL in its column.',
  catches: ['content-lead-name-required', 'content-user-agent-required'],
  stage: 'valid',
  after: ['signature/body-reserialized', 'content/event-types'],
  run: (probe) =>
    judgeAccepted(
      probe,
      optionalVariations().map(({ type, name, data }) => ({ name, body: probe.event(type, data) })),
    ),
});
