/**
 * Invalid UTF-8.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeRawBodies } from '../../judge/raw-body.ts';

export const check = defineCheck({
  id: 'signature/body-invalid-utf8',
  level: 'INFO',
  title: 'Accepts a body with invalid UTF-8',
  requirement: {
    text: 'The signature covers the raw bytes. JSON is UTF-8, so a receiver may reject anything else',
    source: 'guide, "Step 2: Verify the signature"; RFC 8259, 8.1',
  },
  cause:
    'The body is decoded to text before hashing, which turns invalid bytes into U+FFFD; or the parser rejects it.',
  fix: 'Hash the raw bytes, not decoded text. Whether to reject invalid UTF-8 is up to you.',
  catches: ['signature-body-decoded'],
  stage: 'valid',
  after: ['signature/body-reserialized', 'signature/body-charset'],
  run: (probe) => {
    const event = probe.event('email.replied', { lead_name: 'Zo?' });
    const body = Buffer.from(probe.write(event));
    // "Zoë" in Latin-1, as copied from an old e-mail.
    body[body.indexOf('Zo?') + 2] = 0xeb;
    return judgeRawBodies(probe, [{ name: 'a Latin-1 byte', body }]);
  },
});
