/**
 * Content types with parameters and in another case.
 *
 * @module
 */
import { failRefused, isRefusedSample, sendSamples, type Sample } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import type { Probe } from '../../probe/probe.ts';
import { fail, isTimedOut, pass, describeReply } from '../../verdict.ts';

const UPPER_CASE = 'Application/JSON';

const as = (probe: Probe, contentType: string): Sample => ({
  name: `Content-Type: ${contentType}`,
  body: probe.event(),
  options: { contentType },
});

export const check = defineCheck({
  id: 'content/ct-exact',
  level: 'SHOULD',
  title: 'Accepts application/json with a charset',
  requirement: {
    text: 'Events are sent as application/json. A media type may carry parameters and is case-insensitive; only the bare type is documented',
    source: 'spec/asyncapi.yaml, contentType; RFC 9110, 8.3.1',
  },
  cause: 'The whole Content-Type header is compared as one string.',
  fix: 'Compare only the part before the ";", ignoring case (Express: express.raw({ type: "application/json" }) does this; Python: request.mimetype).',
  catches: ['content-type-compared', 'content-charset-refused'],
  stage: 'valid',
  after: ['signature/body-reserialized'],
  run: async (probe) => {
    const types = ['application/json; charset=utf-8', 'application/json;charset=UTF-8', UPPER_CASE];
    const sent = await sendSamples(
      probe,
      types.map((type) => as(probe, type)),
    );
    const refused = sent.filter(isRefusedSample);
    const [first] = refused;
    if (first === undefined) return pass();
    if (first.exchange !== sent.at(-1)?.exchange || isTimedOut(first.exchange)) {
      return failRefused(refused);
    }
    return fail({
      level: 'INFO',
      expected: ['a 2xx'],
      actual: `rejected: Content-Type: ${UPPER_CASE}: ${describeReply(first.exchange.reply)}`,
      diagnosis:
        'The header is compared case-sensitively. No provider is known to send it in this case.',
    });
  },
});
