/**
 * Long strings.
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
  title: 'Accepts long strings',
  requirement: {
    text: 'reply_preview, campaign_name, lead_name, lead_company, bounce_message and user_agent have no maximum length',
    source: 'spec/asyncapi.yaml: no maxLength',
  },
  cause: 'A string does not fit its database column (typically VARCHAR(255)), and the event fails.',
  fix: 'Store them in an unlimited text column, or truncate them to fit at a character boundary.',
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
        name: 'a campaign name of 300 characters',
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
    // The bodies exceed a size limit; the strings are not the problem.
    return refused.every(({ exchange }) => isTooLarge(exchange))
      ? notTested('The receiver responded with 413, a body size limit: see content/size-limit.')
      : failRefused(refused);
  },
});
