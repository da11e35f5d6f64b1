/**
 * A poison event, followed by good ones.
 *
 * @module
 */
import { almostEvents } from '../../samples/invalid-events.ts';
import { defineCheck } from '../../check.ts';
import { deliverNamed, judgeOnce } from '../../judge/deliver.ts';
import { inTurn } from '../../probe/in-turn.ts';
import { pass, describeReply } from '../../verdict.ts';

const GOOD = 3;

export const check = defineCheck({
  id: 'delivery/poison-block',
  level: 'MUST',
  title: 'Continues with good events after one that it cannot process',
  requirement: {
    text: 'Every event must be processed; an event that fails is retried individually and then becomes a dead letter',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'A worker processes events strictly in order and retries the first one forever, or crashes on it.',
  fix: 'Catch errors per event; after a few attempts move the event to a table of failed events and continue.',
  catches: ['delivery-stuck-on-poison'],
  stage: 'load',
  needs: ['effects'],
  run: async (probe) => {
    // Correctly signed and well-formed, but without anything that can be processed.
    const poisoned = await inTurn(
      probe,
      almostEvents(probe),
      async (body) => (await probe.post(body)).reply,
      // Keep the request that crashed the receiver last.
      (replies) => replies.some(({ kind }) => kind === 'none'),
    );
    const names = Array.from({ length: GOOD }, (_, at) => `good event ${at + 1} after it`);
    const delivered = await inTurn(probe, names, (name) =>
      deliverNamed(probe, name, probe.event()),
    );
    const verdict = await judgeOnce(probe, delivered);
    return (
      verdict ??
      pass(
        `responses to events without data and to lists: ${poisoned.map(describeReply).join(', ')}`,
      )
    );
  },
});
