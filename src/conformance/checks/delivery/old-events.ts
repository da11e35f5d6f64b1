/**
 * Events as old as retries and recovered dead letters are.
 *
 * @module
 */
import { toProviderTime } from '../../../domain/time.ts';
import { defineCheck } from '../../check.ts';
import { deliverNamed, judgeAccepted, judgeOnce } from '../../judge/deliver.ts';
import { pass } from '../../verdict.ts';

const MINUTE = 60_000;

export const check = defineCheck({
  id: 'delivery/old-events',
  level: 'MUST',
  title: 'Takes events as old as the last retry and as a redelivered dead letter',
  requirement: {
    text: 'Retries come after 30 seconds, 5 minutes and 30 minutes with the same body; dead letters are reprocessed daily; no timestamp is signed',
    source: 'guide, "Step 3: Handle retries" and "Dead letter recovery"',
  },
  cause:
    'A window around the body’s `timestamp` (five minutes, copied from other providers’ advice) refuses what is late, or drops it.',
  fix: 'Take the check of the timestamp out: here it is the time of the event and not of the delivery. What protects against replays is to deduplicate by id, durably.',
  catches: ['delivery-five-minute-window', 'delivery-drops-day-old'],
  stage: 'effects',
  run: async (probe) => {
    const aged = (minutes: number) =>
      probe.event(
        'email.replied',
        {},
        { timestamp: toProviderTime(probe.wall.now() - minutes * MINUTE) },
      );
    const delivered = [
      await deliverNamed(probe, 'an event that is 36 minutes old', aged(36)),
      await deliverNamed(probe, 'an event that is 25 hours old', aged(25 * 60)),
    ];
    const verdict =
      probe.effects === null ? judgeAccepted(delivered) : await judgeOnce(probe, delivered);
    return verdict ?? pass(probe.effects === null ? 'by status; no effects hook' : undefined);
  },
});
