/**
 * Signatures over the constant that remains when the body was already consumed: one captured signature would be valid for every event.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { failForged } from '../../experiments/known-causes.ts';
import { judgeAcceptance, wrongSignature, type Forgery } from '../../judge/forgeries.ts';
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

/** @returns null unless a forgery of another content type is not verified at all */
const judgeOtherTypes = async (probe: Probe): Promise<Verdict | null> => {
  const wrong = OTHER_TYPES.map((contentType) => ({
    name: `a wrong digest, sent as ${contentType}`,
    signature: () => wrongSignature(probe),
    contentType,
  }));
  const verdict = await judgeAcceptance(probe, wrong);
  if (verdict.status !== 'fail') return null;
  const { status: _, symptom: __, ...failure } = verdict;
  return failForged(probe, {
    ...failure,
    key: 'forged:content-type',
    diagnosis:
      'The signature is verified only when the body is sent as `application/json`: sent with another `Content-Type`, an event with a wrong digest is accepted. Anybody can choose that header.',
    fix: 'Verify before the body is parsed, whatever its `Content-Type` (Express: `express.raw({ type: () => true })`, and the signature in the handler, not in the `verify` option of a JSON parser).',
  });
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
  catches: [
    'signature-constant-for-other-types',
    'signature-object-object-too',
    'signature-json-only',
  ],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: async (probe) => (await judgeOtherTypes(probe)) ?? judgeAcceptance(probe, forgeries(probe)),
});
