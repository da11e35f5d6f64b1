/**
 * Many events whose processing fails: each failure may keep something that it has taken.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { whileFailing } from '../../judge/failing-hook.ts';
import type { Exchange } from '../../net/exchange.ts';
import type { Probe } from '../../probe/probe.ts';
import { describeReply, fail, pass } from '../../verdict.ts';

/** More than a usual pool has connections. */
const FAILURES = 24;

/** Up to the first that gets no response. */
const failMany = async (probe: Probe): Promise<readonly Exchange[]> => {
  const exchanges: Exchange[] = [];
  while (exchanges.length < FAILURES && exchanges.at(-1)?.reply.kind !== 'none') {
    exchanges.push(await probe.post(probe.event()));
  }
  return exchanges;
};

export const check = defineCheck({
  id: 'delivery/many-failures',
  level: 'MUST',
  title: 'Works again after many events whose processing failed',
  requirement: {
    text: 'A non-2xx answer is retried, so that an outage of what events are handed to ends without a restart',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause: 'Each failure keeps a connection of the pool, a lock or a thread, until none is left.',
  fix: 'Give back what an event has taken on every path: `finally`, `with`, `defer` or `try`-with-resources around the connection.',
  catches: ['delivery-failure-keeps-connection'],
  // The last one: what it breaks stays broken.
  stage: 'review',
  needs: ['fault'],
  after: ['delivery/late-repeats', 'delivery/repeat-in-progress'],
  run: async (probe) => {
    const failed = await whileFailing(probe, () => failMany(probe));
    const next = await probe.post(probe.event());
    if (next.reply.kind === 'answer') return pass(`${failed.length} failures`);
    const answered = failed.filter(({ reply }) => reply.kind === 'answer').length;
    return fail({
      key: 'hang:after-failures',
      expected: ['a response once processing works again'],
      actual: `${describeReply(next.reply)} after ${answered} events whose processing failed`,
      diagnosis: `After ${answered} events whose processing failed, no event gets a response any more, though processing works again: each failure keeps a connection of the pool, a lock or a thread.`,
      exchanges: [next],
    });
  },
});
