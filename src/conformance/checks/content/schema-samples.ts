/**
 * Boundary values that the schemas allow.
 *
 * @module
 */
import { judgeAccepted } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { valueVariations } from '../../samples/legal-data.ts';

export const check = defineCheck({
  id: 'content/schema-samples',
  level: 'MUST',
  title: 'Accepts every enum value, and small and large numbers',
  requirement: {
    text: 'reply_sentiment and bounce_type are enums, suppressed_globally is a boolean, and counts have a minimum but no maximum',
    source: 'guide, "Payload examples"; spec/asyncapi.yaml, schemas of each data',
  },
  cause: 'The handler has no branch for an enum value, or a number does not fit its column.',
  fix: 'Handle every enum value and add a default branch. Store counts in an integer column of at least 32 bits. Do not treat 0 as missing.',
  catches: ['content-sentiment-unhandled', 'content-small-integer', 'content-zero-is-missing'],
  stage: 'valid',
  after: ['signature/body-reserialized', 'content/event-types'],
  run: (probe) =>
    judgeAccepted(
      probe,
      valueVariations().map(({ type, name, data }) => ({ name, body: probe.event(type, data) })),
    ),
});
