/**
 * Signatures over the constant that remains when the body was already consumed: one captured signature would be valid for every event.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeAcceptance, type Forgery } from '../../judge/forgeries.ts';
import type { Probe } from '../../probe/probe.ts';

const CONSTANTS = ['', '[object Object]', 'undefined', 'null', '{}'];

/** For these, body parsers that depend on the content type leave nothing or an empty object. */
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
  title: 'Rejects a signature over a constant',
  requirement: {
    text: 'The signature covers the raw bytes of the body',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The hashed value does not depend on the body: the stream was already consumed, or a body parser leaves an empty value for this content type. A single known signature is then valid for every event.',
  fix: 'Hash the raw bytes for every content type (Express: `express.raw({ type: () => true })`; Flask: `request.get_data()` before `request.form`), and reject an empty body.',
  catches: ['signature-constant-for-other-types', 'signature-object-object-too'],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: (probe) => judgeAcceptance(probe, forgeries(probe)),
});
