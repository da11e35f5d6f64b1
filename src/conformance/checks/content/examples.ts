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
    text: 'The examples are events as they are sent, ids, people and times aside',
    source: 'guide, "Payload examples"; spec/asyncapi.yaml, examples',
  },
  cause:
    'A value that the contract allows is read as something narrower, such as bounce_code "5.1.1" as a number.',
  fix: 'Read texts as texts: bounce_code is one. Try the handler with each of the examples (`sendemall-mock trigger`).',
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
