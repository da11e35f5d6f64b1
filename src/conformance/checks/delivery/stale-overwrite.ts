/**
 * An older event that arrives later must not overwrite a newer value.
 *
 * @module
 */
import { toProviderTime } from '../../../domain/time.ts';
import { defineCheck } from '../../check.ts';
import { deliver } from '../../judge/deliver.ts';
import { explainByResolution } from '../../experiments/time-resolution.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import { unlessInterested } from '../../experiments/lead-interests.ts';
import { missesKeys } from '../../judge/state-keys.ts';
import type { Event } from '../../probe/event-maker.ts';
import { fail, notTested, pass } from '../../verdict.ts';

const MINUTE = 60_000;

/** Another text may be the hook's own word for it; null says that there was no reply. */
const NOT_STORED = {
  symptom: 'state',
  level: 'SHOULD',
  expected: ['"neutral"'],
  actual: 'null after a reply with reply_sentiment "neutral"',
  diagnosis: 'The reply has an effect, but its sentiment is not stored.',
  fix: 'Store `reply_sentiment` of each `email.replied`. If your receiver does not need it, omit "sentiment" from the state.',
} as const;

const REPEAT_OVERWRITES = {
  symptom: 'state',
  expected: ['"positive", from the newer reply'],
  actual: 'another value after the oldest reply was delivered once more',
  diagnosis:
    'A repeat has no further effect, but overwrites the value of a newer event: the state is updated before the id is looked up, or without it.',
  fix: 'Look the id up first, and leave state alone for a repeat.',
} as const;

/** Types that come after a reply, too, and say nothing of it. */
const WITHOUT_REPLY = ['email.opened', 'email.clicked', 'email.delivered'] as const;

export const check = defineCheck({
  id: 'delivery/stale-overwrite',
  level: 'MUST',
  title: 'Keeps the value of the newest event, in whatever order events arrive',
  requirement: {
    text: 'A retried event arrives up to 35 minutes after later ones; its timestamp is when it happened',
    source: 'guide, "Step 3: Handle retries" and "Payload examples"',
  },
  cause:
    'Each event overwrites the stored value in order of arrival, or the first value is never updated.',
  fix: 'Store the event’s timestamp with the value and update only if the event is newer: `UPDATE … SET sentiment = ?, at = ? WHERE at <= ?`.',
  catches: [
    'delivery-overwrites-blindly',
    'delivery-first-value-stays',
    'delivery-repeat-overwrites',
    'domain-time-in-days',
  ],
  stage: 'effects',
  needs: ['state'],
  run: (probe) =>
    judgeLeads(async () => {
      const at = (minutes: number) => ({
        timestamp: toProviderTime(probe.wall.now() - minutes * MINUTE),
      });
      const lead = createLead(probe);
      const reply = await lead.send('email.replied', { reply_sentiment: 'neutral' }, at(30));
      const first = await lead.sees(({ sentiment }) => sentiment === 'neutral');
      if (first.sentiment === undefined) {
        return missesKeys(first);
      }
      if (first.sentiment === null) {
        return (await unlessInterested(probe, 'email.replied', 'sentiment')()) ?? fail(NOT_STORED);
      }
      if (first.sentiment !== 'neutral') {
        return notTested(
          `The state hook returns ${JSON.stringify(first.sentiment)} after a reply with reply_sentiment "neutral". Return the value unchanged.`,
        );
      }
      await lead.send('email.replied', { reply_sentiment: 'positive' }, at(10));
      const newer = await lead.sees(({ sentiment }) => sentiment === 'positive');
      if (newer.sentiment !== 'positive') {
        return fail({
          symptom: 'state',
          expected: ['"positive", from the newer reply'],
          actual: `${JSON.stringify(newer.sentiment)} after a newer reply (by 20 minutes)`,
          ...(await explainByResolution(probe)),
        });
      }
      for (const type of WITHOUT_REPLY) await lead.send(type, {}, at(5));
      const later = await lead.settled();
      if (later.sentiment !== 'positive') {
        return fail({
          symptom: 'state',
          expected: ['"positive", from the latest reply'],
          actual: `${JSON.stringify(later.sentiment)} after ${WITHOUT_REPLY.join(', ')}, which have no reply_sentiment`,
          diagnosis: 'An event without a reply overwrites the sentiment of the latest one.',
          fix: 'Update `sentiment` on `email.replied` only.',
        });
      }
      await lead.send('email.replied', { reply_sentiment: 'negative' }, at(20));
      const last = await lead.settled();
      if (last.sentiment === 'positive') {
        await deliver(probe, JSON.parse(Buffer.from(reply.request.body).toString('utf8')) as Event);
        const { sentiment } = await lead.settled();
        return sentiment === 'positive' ? pass() : fail(REPEAT_OVERWRITES);
      }
      return fail({
        symptom: 'state',
        expected: ['"positive", from the newer reply'],
        actual: `${JSON.stringify(last.sentiment)} after an older reply (by 10 minutes) arrived last`,
        ...(await explainByResolution(probe)),
      });
    }),
});
