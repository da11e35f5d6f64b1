/**
 * Enum values that do not exist yet.
 *
 * @module
 */
import { judgeAccepted } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { newEnumValues } from '../../samples/legal-data.ts';

export const check = defineCheck({
  id: 'content/unknown-enum',
  level: 'SHOULD',
  title: 'Accepts unknown enum values',
  requirement: {
    text: 'reply_sentiment has five values and bounce_type two. An enum can grow, and an event that does not get a 2xx becomes a dead letter',
    source: 'guide, "email.replied", "email.bounced" and "Step 3: Handle retries"',
  },
  cause: 'A strict enum in a schema or in the database rejects the whole event.',
  fix: 'Accept any string and treat unknown values as neutral: store and log them, nothing more (zod: z.enum([…]).or(z.string()); Postgres: text instead of an enum).',
  catches: ['content-sentiment-closed', 'content-bounce-type-closed'],
  stage: 'valid',
  after: ['signature/body-reserialized', 'content/schema-samples'],
  run: (probe) =>
    judgeAccepted(
      probe,
      newEnumValues('a_value_of_tomorrow').map(({ type, name, data }) => ({
        name,
        body: probe.event(type, data),
      })),
    ),
});
