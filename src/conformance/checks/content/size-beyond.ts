/**
 * How large events may become.
 *
 * @module
 */
import { failRefused, isRefusedSample, sendSamples } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { eventOfSize } from '../../samples/sized-event.ts';
import { pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'content/size-beyond',
  level: 'INFO',
  title: 'Accepts events of up to 1 MB',
  requirement: {
    text: 'No size is documented, and none of this size is known to be sent: a limit is up to the receiver',
    source: 'spec/asyncapi.yaml: reply_preview has no maxLength',
  },
  cause: 'A limit on bodies: 100 kB is the default of Express, 1 MB that of nginx.',
  fix: 'Nothing needs to be done. Know the limit: what is above it ends as a dead letter, and comes back by the recovery only.',
  catches: ['content-limit-100k'],
  stage: 'risky',
  after: ['content/size-limit'],
  run: async (probe) => {
    for (const bytes of [250_000, 1_000_000]) {
      const name = `an event of ${bytes.toLocaleString('en')} bytes`;
      const sent = await sendSamples(probe, [{ name, body: eventOfSize(probe, bytes) }]);
      if (sent.some(isRefusedSample)) return failRefused(sent);
    }
    return pass();
  },
});
