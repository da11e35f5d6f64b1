/**
 * A signature over a part of the body: what is left out could be changed on the way.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeAcceptance, type Forgery } from '../../judge/forgeries.ts';
import type { Event } from '../../probe/event-maker.ts';
import type { Probe } from '../../probe/probe.ts';

const variants = ({ signing }: Probe): readonly Forgery[] => {
  const over = (name: string, part: (event: Event) => string): Forgery => ({
    name: `signed over ${name}`,
    signature: (body) => signing.valid(part(JSON.parse(body) as Event)),
  });
  return [
    over('"data" alone', ({ data }) => JSON.stringify(data)),
    over('the id alone', ({ id }) => id),
    over('id and time', ({ id, timestamp }) => `${id}.${timestamp}`),
  ];
};

export const check = defineCheck({
  id: 'signature/part-of-body',
  level: 'SHOULD',
  title: 'Refuses a signature over a part of the body',
  requirement: {
    text: 'The signature covers the raw bytes of the whole body',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'A second way to verify is left over, which hashes a part of the event: what it leaves out is not protected.',
  fix: 'Verify in one way only: the HMAC of all bytes of the body as they came.',
  catches: ['signature-data-only-too'],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: (probe) => judgeAcceptance(probe, variants(probe)),
});
