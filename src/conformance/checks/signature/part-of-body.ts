/**
 * A signature over part of the body: the rest could be modified in transit.
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
    over('only "data"', ({ data }) => JSON.stringify(data)),
    over('only the id', ({ id }) => id),
    over('id and time', ({ id, timestamp }) => `${id}.${timestamp}`),
  ];
};

export const check = defineCheck({
  id: 'signature/part-of-body',
  level: 'SHOULD',
  title: 'Rejects a signature over part of the body',
  requirement: {
    text: 'The signature covers the raw bytes of the whole body',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause: 'A legacy verification path hashes only part of the event: the rest is not protected.',
  fix: 'Have a single verification path: the HMAC over all raw bytes of the body.',
  catches: ['signature-data-only-too'],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: (probe) => judgeAcceptance(probe, variants(probe)),
});
