/**
 * Largest accepted event size.
 *
 * @module
 */
import { inDigitGroups } from '../../../domain/digit-groups.ts';
import { failRefused, isRefusedSample, sendSamples } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { eventOfSize } from '../../samples/sized-event.ts';
import { pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'content/size-beyond',
  level: 'INFO',
  title: 'Accepts events of up to 1 MB',
  requirement: {
    text: 'No maximum size is documented, and no events this large are known: the limit is up to the receiver',
    source: 'spec/asyncapi.yaml: reply_preview has no maxLength',
  },
  cause: 'A body size limit: the default is 100 kB in Express and 1 MB in nginx.',
  fix: 'No change is needed, but know the limit: larger events end up as dead letters and are only available through recovery.',
  catches: ['content-limit-100k'],
  stage: 'risky',
  after: ['content/size-limit'],
  run: async (probe) => {
    for (const bytes of [250_000, 1_000_000]) {
      const name = `an event of ${inDigitGroups(bytes)} bytes`;
      const sent = await sendSamples(probe, [{ name, body: eventOfSize(probe, bytes) }]);
      if (sent.some(isRefusedSample)) return failRefused(sent);
    }
    return pass();
  },
});
