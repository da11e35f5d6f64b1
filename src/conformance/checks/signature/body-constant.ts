/**
 * Signatures over what is left when the body was read before: one captured signature would forge everything.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeAcceptance, type Forgery } from '../../judge/forgeries.ts';
import type { Probe } from '../../probe/probe.ts';

const CONSTANTS = ['', '[object Object]', 'undefined', 'null', '{}'];

/** Body parsers that look at the type leave nothing, or an empty object, for the others. */
const OTHER_TYPES = ['text/plain', 'application/x-www-form-urlencoded'];

const forgeries = ({ signing }: Probe): readonly Forgery[] => {
  const overConstant = (constant: string, contentType?: string): Forgery => ({
    name:
      (constant === '' ? 'signed over nothing' : `signed over "${constant}"`) +
      (contentType === undefined ? '' : `, sent as ${contentType}`),
    signature: () => signing.valid(constant),
    ...(contentType === undefined ? {} : { contentType }),
  });
  return [
    ...CONSTANTS.map((constant) => overConstant(constant)),
    ...OTHER_TYPES.flatMap((type) => CONSTANTS.map((constant) => overConstant(constant, type))),
  ];
};

export const check = defineCheck({
  id: 'signature/body-constant',
  level: 'MUST',
  title: 'Refuses a signature over a constant',
  requirement: {
    text: 'The signature covers the raw bytes of this body',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'What is hashed does not depend on the body: the stream had been read already, or a body parser leaves an empty value for this content type. One signature that is known then fits every event.',
  fix: 'Hash the raw bytes, whatever the content type is (Express: `express.raw({ type: () => true })`; Flask: `request.get_data()` before `request.form`), and refuse when there are none.',
  catches: ['signature-constant-for-other-types', 'signature-object-object-too'],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: (probe) => judgeAcceptance(probe, forgeries(probe)),
});
