/**
 * Long texts.
 *
 * @module
 */
import { failRefused, isRefusedSample, sendSamples } from '../../judge/acceptance.ts';
import { defineCheck } from '../../check.ts';
import { isTooLarge } from '../../samples/sized-event.ts';
import { notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'content/long-preview',
  level: 'SHOULD',
  title: 'Accepts long texts',
  requirement: {
    text: 'No length is set to reply_preview, campaign_name, lead_name, lead_company, bounce_message or user_agent',
    source: 'spec/asyncapi.yaml: no maxLength',
  },
  cause:
    'A text does not fit into its column (VARCHAR(255) is the usual one), and the event fails.',
  fix: 'Store them as text without a limit, or cut them to what fits: by characters, not in the middle of one.',
  catches: ['content-short-column', 'content-column-in-bytes'],
  stage: 'valid',
  after: ['signature/body-reserialized', 'signature/body-charset'],
  run: async (probe) => {
    const long = (sample: string, characters: number): string =>
      sample.repeat(Math.ceil(characters / sample.length)).slice(0, characters);
    const sent = await sendSamples(probe, [
      {
        name: 'a reply of 4,000 characters',
        body: probe.event('email.replied', {
          reply_preview: long('Thanks, that sounds good. ', 4000),
        }),
      },
      {
        name: 'a reply of 1,000 emoji',
        body: probe.event('email.replied', { reply_preview: '👍🎉'.repeat(500) }),
      },
      {
        name: 'a campaign’s name of 300 characters',
        body: probe.event('email.replied', { campaign_name: long('Outreach to everybody, ', 300) }),
      },
      {
        name: 'a bounce message of 1,000 characters',
        body: probe.event('email.bounced', {
          bounce_message: long('550 5.7.1 blocked; see ', 1000),
        }),
      },
      {
        name: 'a user agent of 500 characters',
        body: probe.event('email.opened', {
          user_agent: long('Mozilla/5.0 (Windows NT 10.0) ', 500),
        }),
      },
    ]);
    const refused = sent.filter(isRefusedSample);
    if (refused.length === 0) return pass(`${sent.length} accepted`);
    // Not the texts are too long for it, but the bodies.
    return refused.every(({ exchange }) => isTooLarge(exchange))
      ? notTested('Answered 413, a limit on bodies: see content/size-limit.')
      : failRefused(refused);
  },
});
