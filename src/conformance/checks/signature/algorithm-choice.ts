/**
 * A valid HMAC by another algorithm, named in the header.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { describeAccepted } from '../../judge/forgeries.ts';

const ALGORITHMS = ['sha1', 'sha512'];

export const check = defineCheck({
  id: 'signature/algorithm-choice',
  level: 'INFO',
  title: 'Accepts only SHA-256',
  requirement: {
    text: 'The signature is an HMAC-SHA256',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The algorithm is taken from the header. Forging still requires the secret, but the sender can choose the weakest algorithm that the receiver supports.',
  fix: 'Hard-code the algorithm: sha256.',
  catches: ['signature-algorithm-from-header'],
  stage: 'negative',
  after: ['signature/wrong-digest', 'signature/refuses-with-4xx', 'signature/malformed'],
  run: (probe) =>
    describeAccepted(
      probe,
      ALGORITHMS.map((algorithm) => ({
        name: `${algorithm}= and an HMAC-${algorithm.toUpperCase()}`,
        signature: (body) => probe.signing.with(algorithm, body),
      })),
    ),
});
