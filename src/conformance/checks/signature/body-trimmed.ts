/**
 * White space at the edges: of the body, and of texts in it.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeRawBodies } from '../../judge/raw-body.ts';

export const check = defineCheck({
  id: 'signature/body-trimmed',
  level: 'MUST',
  title: 'Verifies bodies with white space at their edges',
  requirement: {
    text: 'The signature is over the raw body, to its last byte; JSON allows white space around it, and texts can begin and end with it',
    source: 'guide, "Step 2: Verify the signature"; RFC 8259, 2',
  },
  cause: 'The body, or the texts in it, are trimmed before it is hashed.',
  fix: 'Hash the bytes of the request as they came: no trim(), no text-mode read, no middleware that trims strings in front (Laravel: TrimStrings changes the input, $request->getContent() does not).',
  catches: ['signature-body-trimmed', 'signature-body-newline-cut', 'signature-body-lf'],
  stage: 'valid',
  after: ['signature/body-reserialized'],
  run: (probe) => {
    const compact = () => probe.write(probe.event());
    return judgeRawBodies(probe, [
      { name: 'a newline at the end', body: `${compact()}\n` },
      { name: 'CR LF at the end', body: `${compact()}\r\n` },
      { name: 'spaces around it', body: `  ${compact()} \t` },
      { name: 'CR LF between the members', body: compact().replaceAll(',"', ',\r\n"') },
      {
        name: 'texts with spaces around them',
        body: probe.event('email.replied', { lead_company: ' Acme ', reply_preview: '\n Yes. \n' }),
      },
    ]);
  },
});
