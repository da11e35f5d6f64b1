/**
 * The content type with its parameters, and in other letters.
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
    text: 'Events are application/json; a media type may carry parameters, and has no upper and lower case. Only the bare one is documented',
    source: 'spec/asyncapi.yaml, contentType; RFC 9110, 8.3.1',
  },
  cause: 'The header is compared as a whole text.',
  fix: 'Compare what is before the ";", without regard to case (Express: express.raw({ type: "application/json" }) does; Python: request.mimetype).',
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
      actual: `refused: Content-Type: ${UPPER_CASE}: ${describeReply(first.exchange.reply)}`,
      diagnosis: 'The header is compared with regard to case. No provider is known to write it so.',
    });
  },
});
