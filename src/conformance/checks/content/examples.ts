/**
 * Every example of the contract.
 *
 * @module
 */
import { judgeAccepted } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';

export const check = defineCheck({
  id: 'content/examples',
  level: 'MUST',
  title: 'Accepts every example of the contract',
  requirement: {
    text: 'The examples are real events, except for ids, people and times',
    source: 'guide, "Payload examples"; spec/asyncapi.yaml, examples',
  },
  cause:
    'The handler assumes a narrower type than the contract, such as a number for bounce_code "5.1.1".',
  fix: 'Read strings as strings, including bounce_code. Try the handler with each example (`sendemall-mock trigger`).',
  catches: ['content-bounce-code-number'],
  stage: 'valid',
  after: [
    'signature/body-reserialized',
    'signature/body-charset',
    'content/event-types',
    'content/optional-null',
    'content/schema-samples',
  ],
  run: (probe) =>
    judgeAccepted(
      probe,
      probe.events
        .examples()
        .map((event, at) => ({ name: `example ${at + 1}, ${event.event}`, body: event })),
    ),
});
