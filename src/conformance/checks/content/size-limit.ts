/**
 * Events as large as the guide's own receiver takes them.
 *
 * @module
 */
import { judgeAccepted } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { eventOfSize, isTooLarge } from '../../samples/sized-event.ts';
import { isAccepted, notTested } from '../../verdict.ts';

/** As the longest of content/long-preview. */
const LONG_TEXT = { reply_preview: 'Good. '.repeat(666) };

export const check = defineCheck({
  id: 'content/size-limit',
  level: 'SHOULD',
  title: 'Accepts events of up to 100,000 bytes',
  requirement: {
    text: 'No size is documented; the provider’s own Express receiver takes bodies up to 100 kB (the default of express.raw), so that much is to be reckoned with',
    source:
      'guide, "Step 2: Verify the signature"; spec/asyncapi.yaml: reply_preview has no maxLength',
  },
  cause: 'A limit on bodies, in the framework or in front of it, is lower than that.',
  fix: 'Raise it to 1 MB (Express: express.raw({ limit: "1mb" }); nginx: client_max_body_size; Next.js pages/api: bodyParser.sizeLimit; Flask: MAX_CONTENT_LENGTH; API gateways: see their limits).',
  catches: ['content-limit-64k', 'content-limit-16k'],
  stage: 'risky',
  after: ['signature/body-reserialized', 'http/split-body'],
  run: async (probe) => {
    // A text that no column takes is refused at every size, and that is for another check; unless it says "too large".
    const long = await probe.post(probe.event('email.replied', LONG_TEXT));
    if (!isAccepted(long) && !isTooLarge(long)) {
      return notTested('Says nothing new until content/long-preview passes.');
    }
    return judgeAccepted(
      probe,
      [20_000, 60_000, 100_000].map((bytes) => ({
        name: `an event of ${bytes.toLocaleString('en')} bytes`,
        body: eventOfSize(probe, bytes),
      })),
    );
  },
});
