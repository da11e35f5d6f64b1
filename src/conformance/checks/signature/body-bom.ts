/**
 * A byte order mark before the body.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeRawBodies } from '../../judge/raw-body.ts';

export const check = defineCheck({
  id: 'signature/body-bom',
  level: 'INFO',
  title: 'Accepts a body with a byte order mark',
  requirement: {
    text: 'The signature covers the raw bytes. JSON must not begin with a byte order mark, but a parser may ignore it',
    source: 'RFC 8259, 8.1',
  },
  cause: 'The mark is removed before hashing, or the JSON parser fails on it.',
  fix: 'No change is needed: providers should not send one. To be lenient, hash the raw bytes and remove the mark only before parsing.',
  catches: ['signature-body-bom-dropped'],
  stage: 'valid',
  after: ['signature/body-reserialized', 'signature/body-charset'],
  run: (probe) =>
    judgeRawBodies(probe, [
      { name: 'a leading byte order mark', body: `\uFEFF${probe.write(probe.event())}` },
    ]),
});
