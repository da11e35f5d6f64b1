/**
 * A right HMAC by another algorithm, which the header names.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { describeAccepted } from '../../judge/forgeries.ts';

const ALGORITHMS = ['sha1', 'sha512'];

export const check = defineCheck({
  id: 'signature/algorithm-choice',
  level: 'INFO',
  title: 'Takes SHA-256 only',
  requirement: {
    text: 'The signature is an HMAC with SHA-256',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The algorithm is taken from the header. With the secret as key nothing can be forged by that, but the sender picks the weakest that the receiver knows.',
  fix: 'Name the algorithm in the code: sha256.',
  catches: ['signature-algorithm-from-header'],
  stage: 'negative',
  after: ['signature/wrong-digest', 'signature/refuses-with-4xx', 'signature/malformed'],
  run: (probe) =>
    describeAccepted(
      probe,
      ALGORITHMS.map((algorithm) => ({
        name: `${algorithm}= and an HMAC by it`,
        signature: (body) => probe.signing.with(algorithm, body),
      })),
    ),
});
