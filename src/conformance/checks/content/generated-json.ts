/**
 * Generated events with data that only JSON allows.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeGenerated } from '../../explore/generated.ts';

export const check = defineCheck({
  id: 'content/generated-json',
  level: 'INFO',
  title: 'Processes events with data that only JSON allows',
  requirement: {
    text: 'JSON carries half surrogates, null and any number; no provider of this contract is known to send them',
    source: 'RFC 8259, 8.2; spec/asyncapi.yaml',
  },
  cause: 'A parser, a schema or a column refuses what JSON allows.',
  fix: 'Nothing needs to be done. An event like this ends as a dead letter.',
  catches: ['content-lone-surrogate'],
  stage: 'valid',
  after: ['content/generated', 'content/generated-rare'],
  run: (probe) => judgeGenerated(probe, 'INFO'),
});
