/**
 * Leading and trailing whitespace, of the body and of strings in it.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeRawBodies } from '../../judge/raw-body.ts';

export const check = defineCheck({
  id: 'signature/body-trimmed',
  level: 'MUST',
  title: 'Verifies bodies with leading and trailing whitespace',
  requirement: {
    text: 'The signature covers the raw body to its last byte. JSON allows whitespace around the value, and strings can begin and end with it',
    source: 'guide, "Step 2: Verify the signature"; RFC 8259, 2',
  },
  cause: 'The body, or strings in it, are trimmed before hashing.',
  fix: 'Hash the raw request bytes: no trim(), no text-mode read, no middleware that trims strings (Laravel: TrimStrings modifies the input, but not $request->getContent()).',
  catches: ['signature-body-trimmed', 'signature-body-newline-cut', 'signature-body-lf'],
  stage: 'valid',
  after: ['signature/body-reserialized'],
  run: (probe) => {
    const compact = () => probe.write(probe.event());
    return judgeRawBodies(probe, [
      { name: 'a trailing newline', body: `${compact()}\n` },
      { name: 'a trailing CR LF', body: `${compact()}\r\n` },
      { name: 'surrounding spaces', body: `  ${compact()} \t` },
      { name: 'CR LF between members', body: compact().replaceAll(',"', ',\r\n"') },
      {
        name: 'strings with surrounding spaces',
        body: probe.event('email.replied', { lead_company: ' Acme ', reply_preview: '\n Yes. \n' }),
      },
    ]);
  },
});
