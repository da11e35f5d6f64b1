/**
 * Text beyond ASCII, as UTF-8.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeRawBodies } from '../../judge/raw-body.ts';

const TEXTS: Readonly<Record<string, string>> = {
  'letters with accents': 'Zoë Ødegård-Müller, façade, ñandú',
  'other scripts': '你好 Привет שלום مرحبا नमस्ते',
  emoji: 'Great 👍🏽 👩‍💻 ☀️ 🇫🇷',
  'characters beyond the basic plane': '𝒜𝓃𝓃𝒶 𠜎 𐍈',
  'combining marks and odd spaces': 'e\u0301 \u00A0\u202F\u200B\u2028\u2029',
};

export const check = defineCheck({
  id: 'signature/body-charset',
  level: 'MUST',
  title: 'Verifies bodies with accents, other scripts and emoji',
  requirement: {
    text: 'The signature covers the raw bytes, and JSON is UTF-8; names and replies come from people everywhere',
    source: 'guide, "Step 2: Verify the signature"; RFC 8259, 8.1',
  },
  cause: 'The body is decoded with the wrong character set (Latin-1, ASCII) before hashing.',
  fix: 'Hash bytes, not text. If only text is available, make sure it was decoded as UTF-8 (Node: no setEncoding("latin1"), Java: StandardCharsets.UTF_8, PHP: no utf8_decode).',
  catches: ['signature-body-latin-1', 'signature-body-mojibake', 'signature-body-question-marks'],
  stage: 'valid',
  after: ['signature/body-reserialized'],
  run: (probe) =>
    judgeRawBodies(
      probe,
      Object.entries(TEXTS).map(([name, text]) => ({
        name,
        body: probe.write(probe.event('email.replied', { lead_name: text, reply_preview: text })),
      })),
    ),
});
