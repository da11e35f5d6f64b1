/**
 * Bytes that are no UTF-8.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeRawBodies } from '../../judge/raw-body.ts';

export const check = defineCheck({
  id: 'signature/body-invalid-utf8',
  level: 'INFO',
  title: 'Takes a body with bytes that are not UTF-8',
  requirement: {
    text: 'The signature is over the raw bytes. JSON is UTF-8, so that a receiver may refuse anything else',
    source: 'guide, "Step 2: Verify the signature"; RFC 8259, 8.1',
  },
  cause:
    'The body is decoded to text and the text is hashed: what was not UTF-8 has become U+FFFD by then. Or the parser refuses it.',
  fix: 'Hash the bytes, not text made of them. Whether to refuse what is no UTF-8 is up to you.',
  catches: ['signature-body-decoded'],
  stage: 'valid',
  after: ['signature/body-reserialized', 'signature/body-charset'],
  run: (probe) => {
    const event = probe.event('email.replied', { lead_name: 'Zo?' });
    const body = Buffer.from(probe.write(event));
    // The text of an old mail, copied as it was: "Zoë" in Latin-1.
    body[body.indexOf('Zo?') + 2] = 0xeb;
    return judgeRawBodies(probe, [{ name: 'a byte of Latin-1', body }]);
  },
});
