/**
 * Clocks differ: an event can be from a moment that has not come here yet.
 *
 * @module
 */
import { toProviderTime } from '../../../domain/time.ts';
import { defineCheck } from '../../check.ts';
import { deliverNamed, judgeAccepted, judgeOnce } from '../../judge/deliver.ts';
import { pass } from '../../verdict.ts';

const AHEAD_MS = 120_000;

export const check = defineCheck({
  id: 'delivery/clock-skew',
  level: 'SHOULD',
  title: 'Takes an event whose time is two minutes ahead',
  requirement: {
    text: 'The timestamp tells when the event happened, by the provider’s clock; nothing says that it is to be checked',
    source: 'guide, "Payload examples"',
  },
  cause:
    'Events from the future are refused, though the receiver’s clock may as well be the one that is wrong.',
  fix: 'Do not check the timestamp against the clock; keep the machine’s clock in step (NTP).',
  catches: ['delivery-refuses-future'],
  stage: 'effects',
  run: async (probe) => {
    const timestamp = toProviderTime(probe.wall.now() + AHEAD_MS);
    const event = probe.event(undefined, {}, { timestamp });
    const delivered = [await deliverNamed(probe, 'an event from two minutes ahead', event)];
    const verdict =
      probe.effects === null ? judgeAccepted(delivered) : await judgeOnce(probe, delivered);
    return verdict ?? pass(probe.effects === null ? 'by status; no effects hook' : undefined);
  },
});
