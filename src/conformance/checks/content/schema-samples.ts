/**
 * Values at the edges of what the schemas allow.
 *
 * @module
 */
import { judgeAccepted } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { valueVariations } from '../../samples/legal-data.ts';

export const check = defineCheck({
  id: 'content/schema-samples',
  level: 'MUST',
  title: 'Accepts every listed value, and small and large numbers',
  requirement: {
    text: 'reply_sentiment and bounce_type are one of a list, suppressed_globally is true or false, counts have a least value and no greatest',
    source: 'guide, "Payload examples"; spec/asyncapi.yaml, schemas of each data',
  },
  cause:
    'A listed value has no branch in the handler, or a number does not fit where it is stored.',
  fix: 'Handle every listed value, and have a default branch; store counts in an integer column of at least 32 bits; do not take 0 for "missing".',
  catches: ['content-sentiment-unhandled', 'content-small-integer', 'content-zero-is-missing'],
  stage: 'valid',
  after: ['signature/body-reserialized', 'content/event-types'],
  run: (probe) =>
    judgeAccepted(
      probe,
      valueVariations().map(({ type, name, data }) => ({ name, body: probe.event(type, data) })),
    ),
});
