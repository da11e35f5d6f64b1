/**
 * A byte order mark in front of the body.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeRawBodies } from '../../judge/raw-body.ts';

export const check = defineCheck({
  id: 'signature/body-bom',
  level: 'INFO',
  title: 'Takes a body with a byte order mark',
  requirement: {
    text: 'The signature is over the raw bytes. JSON must not begin with a byte order mark, but a reader may let it pass',
    source: 'RFC 8259, 8.1',
  },
  cause: 'The mark is dropped before hashing, or the JSON parser stops at it.',
  fix: 'Nothing needs to be done: no provider should send one. To be lenient, hash the bytes and drop the mark only before parsing.',
  catches: ['signature-body-bom-dropped'],
  stage: 'valid',
  after: ['signature/body-reserialized', 'signature/body-charset'],
  run: (probe) =>
    judgeRawBodies(probe, [
      { name: 'a byte order mark in front', body: `\uFEFF${probe.write(probe.event())}` },
    ]),
});
