/**
 * Validates the fault hook: it must make processing fail, and stop doing so.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, times } from '../../judge/deliver.ts';
import { whileFailing } from '../../judge/failing-hook.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

/** Time in which an asynchronous receiver could take effect in spite of the fault. */
const LOOK_FOR_MS = 300;

/** Accepted as before, so the failure reaches only what works behind the handler, or is still on. */
const STOPPED = {
  diagnosis:
    'Since the processing of one event failed, events are accepted and nothing has an effect any more: the worker, thread or consumer behind the handler has ended with the error. Less likely, the hook leaves the failure on.',
  fix: 'Catch the errors of a single event where it is processed, so that the worker goes on with the next one and tries this one again later.',
} as const;

export const check = defineCheck({
  id: 'delivery/fault-probe',
  level: 'SHOULD',
  title: 'The fault hook makes processing fail and recover',
  requirement: {
    text: 'An event that cannot be processed must not be lost; to verify that, the suite must be able to make processing fail',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause: 'The hook does not affect event processing, or does not restore it.',
  fix: 'Let the hook make a dependency of event processing (the CRM client, the database call) throw while "fail" is true, and only then.',
  catches: ['delivery-fault-hook-idle', 'delivery-worker-ends-with-error'],
  stage: 'disturbing',
  needs: ['fault', 'effects'],
  validates: 'fault',
  run: async (probe) => {
    const effects = effectsOf(probe);
    const event = probe.event();
    const [during, count] = await whileFailing(probe, async () => {
      const exchange = await probe.post(event);
      return [exchange, await effects.settled(event.id, 1, { forMs: LOOK_FOR_MS })] as const;
    });
    if (isAccepted(during) && count > 0) {
      return fail({
        expected: ['no 2xx, or a 2xx without effect so far'],
        actual: `${describeReply(during.reply)} and ${times(count)}, while processing should fail`,
        exchanges: [during],
      });
    }
    const next = probe.event();
    const after = await deliver(probe, next);
    const works = isAccepted(after) && (await effects.settled(next.id, 1)) === 1;
    if (works) return pass();
    return fail({
      expected: ['a 2xx and one effect'],
      actual: `${describeReply(after.reply)} and no effect after the fault was turned off`,
      ...(isAccepted(after) && STOPPED),
    });
  },
});
