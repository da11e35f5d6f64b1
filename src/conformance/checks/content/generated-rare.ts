/**
 * Generated events with data that is allowed, and rare or new.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeGenerated } from '../../explore/generated.ts';

export const check = defineCheck({
  id: 'content/generated-rare',
  level: 'SHOULD',
  title: 'Processes events with rare, long and new data in their fields',
  requirement: {
    text: 'The schemas set no length of texts, no greatest number and no list of members for ever: what they allow may arrive one day',
    source: 'spec/asyncapi.yaml: no maxLength, no maximum, additional members allowed',
  },
  cause: 'A handler or a column expects shorter, smaller or fewer values than the contract allows.',
  fix: 'Store texts without a limit or cut them; use integers of 64 bits; ignore members that you do not know.',
  catches: ['content-long-thread-id'],
  stage: 'valid',
  after: [
    'content/generated',
    'content/long-preview',
    'content/unknown-field',
    'content/unknown-enum',
    'content/unknown-event',
  ],
  run: (probe) => judgeGenerated(probe, 'SHOULD'),
});
