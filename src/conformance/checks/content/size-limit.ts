/**
 * Events up to the size that the guide's own receiver accepts.
 *
 * @module
 */
import { inDigitGroups } from '../../../domain/digit-groups.ts';
import { judgeAccepted } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { eventOfSize, isTooLarge } from '../../samples/sized-event.ts';
import { blockedBy, isAccepted, notTested } from '../../verdict.ts';

/** The same length as the longest string of content/long-preview. */
const LONG_TEXT = { reply_preview: 'Good. '.repeat(666) };

export const check = defineCheck({
  id: 'content/size-limit',
  level: 'SHOULD',
  title: 'Accepts events of up to 100,000 bytes',
  requirement: {
    text: 'No maximum size is documented. The provider’s own Express receiver accepts bodies up to 100 kB (the default of express.raw), so expect events of that size',
    source:
      'guide, "Step 2: Verify the signature"; spec/asyncapi.yaml: reply_preview has no maxLength',
  },
  cause: 'The framework, or a proxy in front of it, has a lower body size limit.',
  fix: 'Raise it to 1 MB (Express: express.raw({ limit: "1mb" }); nginx: client_max_body_size; Next.js pages/api: bodyParser.sizeLimit; Flask: MAX_CONTENT_LENGTH; API gateways: see their limits).',
  catches: ['content-limit-64k', 'content-limit-16k'],
  stage: 'risky',
  after: ['signature/body-reserialized', 'http/split-body'],
  run: async (probe) => {
    // A string that does not fit its column fails at every body size: content/long-preview reports it. A 413 belongs here.
    const long = await probe.post(probe.event('email.replied', LONG_TEXT));
    if (!isAccepted(long) && !isTooLarge(long)) {
      return notTested(blockedBy('content/long-preview'));
    }
    return judgeAccepted(
      probe,
      [20_000, 60_000, 100_000].map((bytes) => ({
        name: `an event of ${inDigitGroups(bytes)} bytes`,
        body: eventOfSize(probe, bytes),
      })),
    );
  },
});
