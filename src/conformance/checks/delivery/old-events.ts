/**
 * Events as old as the last retry and as recovered dead letters.
 *
 * @module
 */
import { toProviderTime } from '../../../domain/time.ts';
import { defineCheck } from '../../check.ts';
import { deliverNamed, judgeDelivered, judgeOnce } from '../../judge/deliver.ts';
import { pass } from '../../verdict.ts';

const MINUTE = 60_000;

export const check = defineCheck({
  id: 'delivery/old-events',
  level: 'MUST',
  title: 'Accepts events as old as the last retry and as redelivered dead letters',
  requirement: {
    text: 'Retries arrive after 30 seconds, 5 minutes and 30 minutes with the same body; dead letters are reprocessed daily; the signature includes no delivery time',
    source: 'guide, "Step 3: Handle retries" and "Dead letter recovery"',
  },
  cause:
    'A tolerance window around the body’s `timestamp` (five minutes, copied from other providers’ advice) rejects or drops late events.',
  fix: 'Remove the timestamp check: here it is the time of the event, not of the delivery. Durable deduplication by id protects against replays.',
  catches: ['delivery-five-minute-window', 'delivery-drops-day-old'],
  stage: 'effects',
  run: async (probe) => {
    const aged = (minutes: number) =>
      probe.event(
        undefined,
        {},
        { timestamp: toProviderTime(probe.wall.now() - minutes * MINUTE) },
      );
    const delivered = [
      await deliverNamed(probe, 'a 36-minute-old event', aged(36)),
      await deliverNamed(probe, 'a 25-hour-old event', aged(25 * 60)),
    ];
    const verdict =
      probe.effects === null ? judgeDelivered(delivered) : await judgeOnce(probe, delivered);
    return verdict ?? pass(probe.effects === null ? 'by status only: no effects hook' : undefined);
  },
});
