/**
 * An event that cannot be processed, and good ones behind it.
 *
 * @module
 */
import { almostEvents } from '../../samples/invalid-events.ts';
import { defineCheck } from '../../check.ts';
import { deliverNamed, judgeOnce } from '../../judge/deliver.ts';
import { pass, describeReply } from '../../verdict.ts';

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
    // Rightly signed and well-formed, but with nothing in them that processing could use.
    const poisoned = [];
    for (const body of almostEvents(probe)) {
      const { reply } = await probe.post(body);
      poisoned.push(reply);
      // What it died of is the last that was sent.
      if (reply.kind === 'none') break;
    }
    const delivered = [];
    for (let count = 1; count <= GOOD; count += 1) {
      delivered.push(await deliverNamed(probe, `good event ${count} behind it`, probe.event()));
    }
    const verdict = await judgeOnce(probe, delivered);
    return (
      verdict ??
      pass(
        `events without data, and lists, were answered: ${poisoned.map(describeReply).join(', ')}`,
      )
    );
  },
});
