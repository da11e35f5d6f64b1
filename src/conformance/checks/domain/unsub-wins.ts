/**
 * Unsubscribes are permanent, whatever arrives later or late.
 *
 * @module
 */
import { toProviderTime } from '../../../domain/time.ts';
import type { EventType } from '../../../../schemas/contract.ts';
import { defineCheck, type Verdict } from '../../check.ts';
import type { Data } from '../../probe/event-maker.ts';
import { eventIn } from '../../experiments/explain-refusal.ts';
import { LOST_BY_AGE } from '../../experiments/known-causes.ts';
import { createLead, judgeLeads } from '../../judge/lead.ts';
import { unlessInterested } from '../../experiments/lead-interests.ts';
import { missesKeys } from '../../judge/state-keys.ts';
import type { Exchange } from '../../net/exchange.ts';
import type { Probe } from '../../probe/probe.ts';
import { fail, pass } from '../../verdict.ts';

const MINUTE = 60_000;

const DROPPED =
  'An unsubscribe that is older than the latest event of its lead has no effect at all.';

/** Whether the event in a request is known to have had no effect. */
const hasNoEffect = async (
  { effects }: Probe,
  { request: { body } }: Exchange,
): Promise<boolean> => {
  const id = eventIn(body)?.id;
  return effects !== null && id !== undefined && (await effects.count(id)) === 0;
};

/** A hard bounce and an unsubscribe from one campaign are two facts; neither takes the place of the other. */
const judgeBoth = async (probe: Probe): Promise<Verdict> => {
  const bounced: readonly [EventType, Data] = ['email.bounced', { bounce_type: 'hard' }];
  const left: readonly [EventType, Data] = ['email.unsubscribed', { suppressed_globally: false }];
  const [onlyBounced, onlyLeft] = [createLead(probe), createLead(probe)];
  await onlyBounced.send(...bounced);
  await onlyLeft.send(...left);
  const { suppressed } = await onlyBounced.sees((state) => state.suppressed === true);
  const { unsubscribed } = await onlyLeft.sees((state) => state.unsubscribed === true);
  // Each alone is the subject of other checks.
  if (suppressed !== true || unsubscribed !== true) return pass();
  for (const [first, second] of [
    [bounced, left],
    [left, bounced],
  ] as const) {
    const lead = createLead(probe);
    await lead.send(...first);
    await lead.send(...second);
    const state = await lead.sees((now) => now.suppressed === true && now.unsubscribed === true);
    if (state.suppressed === true && state.unsubscribed === true) continue;
    const lost = state.suppressed === true ? 'unsubscribed' : 'suppressed';
    return fail({
      symptom: 'state',
      key: 'state:one-status',
      expected: ['suppressed by the bounce, and unsubscribed'],
      actual: `not ${lost} after ${first[0]} and then ${second[0]}`,
      diagnosis: `A lead has one status: after a hard bounce and an unsubscribe, the later one overwrites the earlier one, and the lead is no longer ${lost}.`,
      fix: 'Keep the suppression after a bounce and the unsubscribe in columns of their own.',
    });
  }
  return pass();
};

export const check = defineCheck({
  id: 'domain/unsub-wins',
  level: 'MUST',
  title: 'Keeps a lead unsubscribed, in whatever order events arrive',
  requirement: {
    text: 'Suppress from all future campaigns; a retried event arrives up to 35 minutes after later ones',
    source: 'guide, "Supported events: email.unsubscribed" and "Step 3: Handle retries"',
  },
  cause:
    'A later open, click or reply overwrites the lead’s status, or a late unsubscribe is dropped as stale.',
  fix: 'Store the unsubscribe in its own column that no later event resets, and never drop an unsubscribe because of its age.',
  catches: ['domain-resubscribes', 'domain-drops-late-unsubscribe', 'domain-one-status'],
  stage: 'effects',
  needs: ['state'],
  run: (probe) =>
    judgeLeads(
      async () => {
        const at = (minutes: number) => ({
          timestamp: toProviderTime(probe.wall.now() - minutes * MINUTE),
        });
        const early = createLead(probe);
        await early.send('email.unsubscribed', {}, at(20));
        const first = await early.sees(({ unsubscribed }) => unsubscribed === true);
        if (first.unsubscribed === undefined) {
          return missesKeys(first);
        }
        if (!first.unsubscribed) {
          return fail({
            symptom: 'state',
            expected: ['unsubscribed'],
            actual: 'not unsubscribed after email.unsubscribed',
          });
        }
        await early.send('email.opened', {}, at(10));
        await early.send('email.replied', { reply_sentiment: 'positive' }, at(5));
        const later = await early.settled();
        if (later.unsubscribed !== true) {
          return fail({
            symptom: 'state',
            expected: ['unsubscribed'],
            actual: 'no longer unsubscribed after a later open and reply',
          });
        }
        const late = createLead(probe);
        await late.send('email.replied', { reply_sentiment: 'positive' }, at(5));
        const unsubscribe = await late.send('email.unsubscribed', {}, at(10));
        const last = await late.sees(({ unsubscribed }) => unsubscribed === true);
        if (last.unsubscribed === true) return judgeBoth(probe);
        const isLost = await hasNoEffect(probe, unsubscribe);
        return fail({
          symptom: 'state',
          ...(isLost ? { key: LOST_BY_AGE, diagnosis: DROPPED } : {}),
          expected: ['unsubscribed'],
          actual:
            'not unsubscribed after email.unsubscribed arrived after a reply that happened later',
        });
      },
      unlessInterested(probe, 'email.unsubscribed', 'unsubscribed'),
    ),
});
