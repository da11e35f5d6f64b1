/**
 * An event that cannot be processed, and good ones behind it.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliverNamed, judgeOnce } from '../../deliver.ts';
import type { Data } from '../../probe/event-maker.ts';
import { pass, tell } from '../../verdict.ts';

const GOOD = 3;

export const check = defineCheck({
  id: 'delivery/poison-block',
  level: 'MUST',
  title: 'Goes on with good events after one that it cannot process',
  requirement: {
    text: 'Every event is to be processed; one that fails is retried by itself and then a dead letter',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'A worker takes events strictly in turn and tries the first one again for ever, or dies of it.',
  fix: 'Catch errors per event; after some attempts put the event aside (a table of failed ones) and go on.',
  catches: ['delivery-stuck-on-poison'],
  stage: 'load',
  needs: ['effects'],
  run: async (probe) => {
    // Rightly signed and well-formed, but with nothing in it that processing could use.
    const empty = { ...probe.event(), data: null as unknown as Data };
    const poisoned = await probe.post(empty);
    const delivered = [];
    for (let count = 1; count <= GOOD; count += 1) {
      delivered.push(await deliverNamed(probe, `good event ${count} behind it`, probe.event()));
    }
    const verdict = await judgeOnce(probe, delivered);
    if (verdict === null)
      return pass(`the event without data was answered ${tell(poisoned.reply)}`);
    return verdict;
  },
});
