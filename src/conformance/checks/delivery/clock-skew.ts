/**
 * Clock skew: an event can carry a timestamp in the receiver's future.
 *
 * @module
 */
import { toProviderTime } from '../../../domain/time.ts';
import { defineCheck } from '../../check.ts';
import { deliverNamed, judgeDelivered, judgeOnce } from '../../judge/deliver.ts';
import { pass } from '../../verdict.ts';

const AHEAD_MS = 120_000;

export const check = defineCheck({
  id: 'delivery/clock-skew',
  level: 'SHOULD',
  title: 'Accepts an event with a timestamp two minutes in the future',
  requirement: {
    text: 'The timestamp is when the event happened, by the provider’s clock; nothing requires a check against it',
    source: 'guide, "Payload examples"',
  },
  cause:
    'Events with a future timestamp are rejected, although the receiver’s clock may be the one that is wrong.',
  fix: 'Do not check the timestamp against the clock. Synchronize the machine’s clock (NTP).',
  catches: ['delivery-refuses-future'],
  stage: 'effects',
  run: async (probe) => {
    const timestamp = toProviderTime(probe.wall.now() + AHEAD_MS);
    const event = probe.event(undefined, {}, { timestamp });
    const delivered = [await deliverNamed(probe, 'an event two minutes in the future', event)];
    const verdict =
      probe.effects === null ? judgeDelivered(delivered) : await judgeOnce(probe, delivered);
    return verdict ?? pass(probe.effects === null ? 'by status only: no effects hook' : undefined);
  },
});
