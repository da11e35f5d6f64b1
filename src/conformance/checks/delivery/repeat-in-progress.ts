/**
 * A repeat while the first request with its event is still being processed, and then fails.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { knowsCause } from '../../experiments/known-causes.ts';
import { effectsOf } from '../../judge/deliver.ts';
import { whileFailing } from '../../judge/failing-hook.ts';
import type { Exchange } from '../../net/exchange.ts';
import type { Event } from '../../probe/event-maker.ts';
import type { Probe } from '../../probe/probe.ts';
import { postTogether } from '../../probe/simultaneous.ts';
import { describeReply, fail, isAccepted, notTested, pass } from '../../verdict.ts';

/** What a receiver that tries again on its own may need. */
const RECOVERS_WITHIN = { forMs: 10_000, everyMs: 100 };
const PAIRS = 4;

/** Two requests with one event, the second while the first is still being processed; processing fails. */
const sendPair = async (
  probe: Probe,
): Promise<{ event: Event; exchanges: readonly Exchange[] }> => {
  const event = probe.event();
  const body = probe.write(event);
  return { event, exchanges: await postTogether(probe, [{ body }, { body }]) };
};

/** Whether a repeat behind a failed request is acknowledged, too: then the failure itself leaves the id marked. */
const isAcknowledgedAfterwards = (probe: Probe): Promise<boolean> =>
  whileFailing(probe, async () => {
    const event = probe.event();
    await probe.post(event);
    return isAccepted(await probe.post(event));
  });

/** Null if no repeat is acknowledged whose event is lost. */
const judgePairs = async (probe: Probe): Promise<Verdict | null> => {
  const pairs = await whileFailing(probe, () =>
    Promise.all(Array.from({ length: PAIRS }, () => sendPair(probe))),
  );
  for (const { event, exchanges } of pairs) {
    const acknowledged = exchanges.find(isAccepted);
    if (acknowledged === undefined) continue;
    if ((await effectsOf(probe).settled(event.id, 1, RECOVERS_WITHIN)) > 0) continue;
    return fail({
      key: 'lost:repeat-in-progress',
      expected: ['no 2xx for a repeat before its event is processed'],
      actual: `${exchanges.map(({ reply }) => describeReply(reply)).join(' and ')} for two requests with one event while processing failed; no effect afterwards`,
      diagnosis:
        'A repeat that arrives while the first request with its event is still being processed is answered 2xx: when that one fails, the event counts as delivered, is not sent again, and is lost.',
      exchanges,
    });
  }
  return null;
};

export const check = defineCheck({
  id: 'delivery/repeat-in-progress',
  level: 'MUST',
  title: 'Acknowledges a repeat only when its event is processed',
  requirement: {
    text: 'A 2xx acknowledges the event: it is not sent again, whatever becomes of another request with it',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'Ids in progress count as processed, so that a repeat is acknowledged before its event is safe.',
  fix: 'Acknowledge a repeat only once its event is processed: let it wait for the first request, or answer 409 or 503 while that is in progress.',
  catches: ['delivery-acknowledges-in-progress'],
  // Behind the checks that a few failures are enough for.
  stage: 'review',
  needs: ['fault', 'effects'],
  after: ['delivery/fail-2xx'],
  run: async (probe) => {
    if (knowsCause(probe, 'lost') || knowsCause(probe, 'state')) {
      return notTested('Events are lost without a failure, too, and that cause is known.');
    }
    if (await isAcknowledgedAfterwards(probe)) {
      return notTested(
        'A repeat is acknowledged after the failure, too: see delivery/mark-before-success.',
      );
    }
    return (await judgePairs(probe)) ?? pass(`${PAIRS} pairs`);
  },
});
