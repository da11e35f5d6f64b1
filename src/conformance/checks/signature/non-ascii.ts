/**
 * Non-ASCII bytes in the signature, which HTTP clients do not send.
 *
 * @module
 */
import { SIGNATURE } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { judgeForgeries } from '../../judge/forgeries.ts';
import { postRaw } from '../../probe/raw-post.ts';

export const check = defineCheck({
  id: 'signature/non-ascii',
  level: 'SHOULD',
  title: 'Rejects a signature with non-ASCII bytes',
  requirement: {
    text: 'A wrong signature gets a 401, whatever bytes it contains',
    source: 'guide, "Step 2: Verify the signature"; RFC 9110, 5.5 (obs-text)',
  },
  cause:
    'The comparison supports only ASCII text, or compares lengths in characters but contents in bytes: Python’s hmac.compare_digest raises TypeError, Node’s timingSafeEqual RangeError.',
  fix: 'Compare bytes. Python: `hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))`; Node: make Buffers of both, compare their lengths, then `timingSafeEqual`.',
  catches: ['signature-non-ascii-throws'],
  stage: 'negative',
  after: ['signature/wrong-digest', 'signature/refuses-with-4xx', 'signature/malformed'],
  run: (probe) =>
    judgeForgeries(probe, [
      {
        name: '64 bytes 0xE9',
        signature: SIGNATURE.prefix + '\u00E9'.repeat(64),
        send: (_, body, signature) =>
          postRaw(probe, body, probe.headersFor(body, { signature }), 'non-ASCII header bytes'),
      },
    ]),
});
