/**
 * Values of a list that there are not yet.
 *
 * @module
 */
import { judgeAccepted } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { newEnumValues } from '../../samples/legal-data.ts';

export const check = defineCheck({
  id: 'content/unknown-enum',
  level: 'SHOULD',
  title: 'Accepts a value of a list that it does not know',
  requirement: {
    text: 'reply_sentiment is one of five values, bounce_type one of two. A list can grow, and an event that is not answered 2xx ends as a dead letter',
    source: 'guide, "email.replied", "email.bounced" and "Step 3: Handle retries"',
  },
  cause: 'A strict list of values (an enum in a schema or in the database) fails the whole event.',
  fix: 'Take any text, and treat one that you do not know as neutral: keep it, log it, do nothing more (zod: z.enum([…]).or(z.string()); Postgres: text in place of an enum).',
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
