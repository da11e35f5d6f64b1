/**
 * A newer value must outlive an older event that comes later.
 *
 * @module
 */
import { toProviderTime } from '../../../domain/time.ts';
import { defineCheck } from '../../check.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import { fail, notTested, pass } from '../../verdict.ts';

const MINUTE = 60_000;

export const check = defineCheck({
  id: 'delivery/stale-overwrite',
  level: 'MUST',
  title:
    'Keeps the newer value when the older event comes later, and takes the newer one when it comes last',
  requirement: {
    text: 'A retried event comes up to 35 minutes after later ones; its timestamp says when it happened',
    source: 'guide, "Step 3: Handle retries" and "Payload examples"',
  },
  cause:
    'Each event is written over what is there, in the order of arrival, or the first value stays for ever.',
  fix: 'Store the event’s timestamp beside the value and write only when the event is newer: `UPDATE … SET sentiment = ?, at = ? WHERE at <= ?`.',
  catches: ['delivery-overwrites-blindly', 'delivery-first-value-stays'],
  stage: 'effects',
  needs: ['state'],
  run: (probe) =>
    judgeLeads(async () => {
      const at = (minutes: number) => ({
        timestamp: toProviderTime(probe.wall.now() - minutes * MINUTE),
      });
      const lead = createLead(probe);
      await lead.send('email.replied', { reply_sentiment: 'neutral' }, at(30));
      const first = await lead.sees(({ sentiment }) => sentiment === 'neutral');
      if (first.sentiment === undefined) {
        return notTested('The state hook shows no "sentiment". Add that of the latest reply.');
      }
      if (first.sentiment !== 'neutral') {
        return notTested(
          `After a reply with reply_sentiment "neutral" the state hook shows ${JSON.stringify(first.sentiment)}. Show the value as it came.`,
        );
      }
      await lead.send('email.replied', { reply_sentiment: 'positive' }, at(10));
      const newer = await lead.sees(({ sentiment }) => sentiment === 'positive');
      if (newer.sentiment !== 'positive') {
        return fail({
          symptom: 'state',
          expected: ['"positive", from the newer reply'],
          actual: `${JSON.stringify(newer.sentiment)} after a reply that is 20 minutes newer`,
        });
      }
      await lead.send('email.replied', { reply_sentiment: 'negative' }, at(20));
      const last = await lead.settled();
      if (last.sentiment === 'positive') return pass();
      return fail({
        symptom: 'state',
        expected: ['"positive", from the newer reply'],
        actual: `${JSON.stringify(last.sentiment)} after a reply that is 10 minutes older had come last`,
      });
    }),
});
