/**
 * Generated events with ordinary data in every field.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeGenerated } from '../../explore/generated.ts';

export const check = defineCheck({
  id: 'content/generated',
  level: 'MUST',
  title: 'Processes events with any ordinary data in their fields',
  requirement: {
    text: 'Names, addresses, replies, times and numbers are those of real people and campaigns: every value that the schemas allow may arrive',
    source: 'sent today: spec/asyncapi.yaml, schemas of each event',
  },
  cause: 'A handler expects less of a value than the contract allows.',
  fix: 'Read each value as the schema describes it, and accept every value that it allows.',
  catches: [
    'content-braces-format',
    'content-top-level-domain',
    'content-backslash-in-bounces',
    'content-noon-dropped',
  ],
  stage: 'valid',
  after: [
    'signature/body-reserialized',
    'signature/body-charset',
    'content/event-types',
    'content/optional-null',
    'content/schema-samples',
    'content/examples',
    'content/waf',
  ],
  run: (probe) => judgeGenerated(probe, 'MUST'),
});
