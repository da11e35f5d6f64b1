/**
 * An accepted event is never sent again, so it must not have failed permanently.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { sleep } from '../../hooks/hooks.ts';
import type { Probe } from '../../probe/probe.ts';
import { effectsOf } from '../../judge/deliver.ts';
import { whileFailing } from '../../judge/failing-hook.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

/**
 * A receiver that works asynchronously may retry on its own within this time. The provider's own first retry comes
 * after 30 seconds, so a comparable back-off is fair.
 */
const RECOVERS_WITHIN = { forMs: 35_000, everyMs: 100 };

/** How long processing fails for a worker that retries: five quick attempts end within it. Milliseconds. */
const LONG_OUTAGE_MS = 4000;

/** An event that arrives while processing fails. @returns the response, and its effects once processing works again */
const tryOutage = async (probe: Probe, forMs: number) => {
  const event = probe.event();
  const failed = await whileFailing(probe, async () => {
    const exchange = await probe.post(event);
    if (isAccepted(exchange)) await sleep(probe.wall, forMs);
    return exchange;
  });
  const count = isAccepted(failed)
    ? await effectsOf(probe).settled(event.id, 1, RECOVERS_WITHIN)
    : 0;
  return { event, failed, count };
};

/** Of a worker that gets over a short failure. @returns null unless it gives events up in a longer one, again and again */
const judgeLongOutage = async (probe: Probe): Promise<Verdict | null> => {
  const first = await tryOutage(probe, LONG_OUTAGE_MS);
  if (!isAccepted(first.failed) || first.count > 0) return null;
  const second = await tryOutage(probe, LONG_OUTAGE_MS);
  if (!isAccepted(second.failed) || second.count > 0) return null;
  const seconds = LONG_OUTAGE_MS / 1000;
  return fail({
    symptom: 'lost',
    key: 'lost:given-up-by-worker',
    expected: ['the effect of every accepted event'],
    actual: `two events accepted while processing failed for ${seconds} s had no effect within ${RECOVERS_WITHIN.forMs / 1000} s after it worked again; after a failure of a moment, the event had its effect`,
    diagnosis: `A worker gives an accepted event up after a few quick attempts: it gets over a failure of a moment, and loses events in an outage of ${seconds} s.`,
    fix: 'Keep an accepted event until it has been processed: retry with growing pauses for hours, and put what still fails where somebody sees it.',
    exchanges: [first.failed, second.failed],
  });
};

export const check = defineCheck({
  id: 'delivery/fail-2xx',
  level: 'MUST',
  title: 'Does not respond with 2xx to an event that it then loses',
  requirement: {
    text: 'Only a non-2xx or a timeout is retried; a 2xx acknowledges the event',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'A processing error is caught and logged and the response is still 200, or a worker gives up on the event.',
  fix: 'Respond with 500 when processing fails so that the provider retries; a worker must requeue the event and retry. If it retries later than 35 seconds after the failure, shorten its back-off in the tested build (e.g. an environment variable such as RETRY_AFTER_MS=1000).',
  catches: [
    'delivery-swallows-failure',
    'delivery-handler-swallows-failure',
    'delivery-worker-gives-up',
  ],
  stage: 'disturbing',
  needs: ['fault', 'effects'],
  run: async (probe) => {
    const { failed, count } = await tryOutage(probe, 0);
    if (!isAccepted(failed)) return pass(`responds with ${describeReply(failed.reply)}`);
    if (count === 0) {
      return fail({
        expected: ['no 2xx', 'a 2xx, and the effect after processing works again'],
        actual: `${describeReply(failed.reply)} while processing failed, and no effect within ${RECOVERS_WITHIN.forMs / 1000} s after it worked again. If a worker retries later, shorten its back-off for the test`,
      });
    }
    return (await judgeLongOutage(probe)) ?? pass('responds with 2xx and retries on its own');
  },
});
