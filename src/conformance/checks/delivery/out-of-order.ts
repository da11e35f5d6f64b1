/**
 * An event that happened before one that has already arrived.
 *
 * @module
 */
import type { EventType } from '../../../../schemas/contract.ts';
import { toProviderTime } from '../../../domain/time.ts';
import { defineCheck } from '../../check.ts';
import { LOST_BY_AGE } from '../../experiments/known-causes.ts';
import { deliverNamed, judgeOnce, type Delivered } from '../../judge/deliver.ts';
import { actedOn, learnedInterests, type Interests } from '../../judge/interests.ts';
import type { Probe } from '../../probe/probe.ts';
import { pass } from '../../verdict.ts';

const MINUTE = 60_000;

/** Whether two events of one lead have their effects when they arrive in order: then age decides if they do not otherwise. */
const areKeptInOrder = async (probe: Probe, interests: Interests): Promise<boolean> => {
  const bounce = probe.event(actedOn(probe, interests, 'email.bounced'));
  const { lead_email, lead_id } = bounce.data;
  const open = probe.event(actedOn(probe, interests, 'email.opened'), { lead_email, lead_id });
  const delivered = [
    await deliverNamed(probe, 'the older event', bounce),
    await deliverNamed(probe, 'the newer event', open),
  ];
  return (await judgeOnce(probe, delivered)) === null;
};

export const check = defineCheck({
  id: 'delivery/out-of-order',
  level: 'MUST',
  title: 'Processes an event that arrives after a newer one',
  requirement: {
    text: 'A retried event arrives up to 35 minutes after later events that succeeded at once',
    source: 'guide, "Step 3: Handle retries"; that order is not guaranteed is assumed',
  },
  cause: 'Events older than the newest one so far (overall, or of the lead) are dropped as stale.',
  fix: 'Compare timestamps only where a newer value would be overwritten; always process self-contained events such as bounces.',
  catches: [
    'delivery-drops-older-than-latest',
    'delivery-drops-older-of-lead',
    'delivery-drops-older-but-unsubscribes',
  ],
  stage: 'effects',
  needs: ['effects'],
  run: async (probe) => {
    const ago = (minutes: number) => ({
      timestamp: toProviderTime(probe.wall.now() - minutes * MINUTE),
    });
    const interests = await learnedInterests(probe);
    const type = (wanted: EventType) => actedOn(probe, interests, wanted);
    const newer = probe.event(type('email.opened'), {}, ago(0));
    const sameLead = {
      lead_email: newer.data['lead_email'],
      lead_id: newer.data['lead_id'],
    };
    const delivered = [
      await deliverNamed(probe, 'the newer event', newer),
      await deliverNamed(
        probe,
        `${type('email.bounced')} of another lead, 10 minutes earlier`,
        probe.event(type('email.bounced'), {}, ago(10)),
      ),
      await deliverNamed(
        probe,
        `${type('email.bounced')} of the same lead, 20 minutes earlier`,
        probe.event(type('email.bounced'), sameLead, ago(20)),
      ),
    ];
    const verdict = await judgeOnce(probe, delivered);
    if (verdict?.status !== 'fail' || verdict.symptom !== 'lost') return verdict ?? pass();
    const lost = (one: Delivered): boolean => verdict.exchanges?.includes(one.exchange) === true;
    const [isNewerLost, isOtherLost] = delivered.map(lost);
    if (isNewerLost === true || !(await areKeptInOrder(probe, interests))) return verdict;
    return {
      ...verdict,
      key: LOST_BY_AGE,
      diagnosis: `An event that is older than the newest one ${isOtherLost === true ? 'so far' : 'of its lead'} is answered 2xx and dropped as stale.`,
    };
  },
});
