/**
 * Many events whose processing fails: each failure may keep something that it has taken.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { sleep } from '../../hooks/hooks.ts';
import { whileFailing } from '../../judge/failing-hook.ts';
import type { Exchange } from '../../net/exchange.ts';
import { isThrottled, retryAfterMs } from '../../net/throttle.ts';
import type { Probe } from '../../probe/probe.ts';
import { describeReply, fail, isAccepted, notTested, pass } from '../../verdict.ts';

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

/** A breaker opens again after half a minute or a minute; the retries come after 30 seconds, 5 and 30 minutes. */
const RECOVERS_WITHIN_MS = 65_000;
const FIRST_TRIES_MS = [0, 200, 800, 2000];
const TRY_EVERY_MS = 6000;

/** A valid event once processing works again. @returns the first that is accepted or gets no response, or the last */
const firstAccepted = async (probe: Probe): Promise<Exchange> => {
  const until = probe.wall.now() + RECOVERS_WITHIN_MS;
  for (let tries = 0; ; tries += 1) {
    await sleep(probe.wall, FIRST_TRIES_MS[tries] ?? TRY_EVERY_MS);
    const exchange = await probe.post(probe.event());
    const isOver = probe.wall.now() >= until || probe.signal?.aborted === true;
    if (isOver || isAccepted(exchange) || exchange.reply.kind === 'none') return exchange;
  }
};

const neverAccepted = (probe: Probe, failed: readonly Exchange[], next: Exchange): Verdict =>
  isThrottled(next) && (retryAfterMs(next.reply, probe.wall.now()) ?? 0) > 0
    ? notTested(`The receiver asks for more patience than ${RECOVERS_WITHIN_MS / 1000} s.`)
    : fail({
        key: 'refused:after-failures',
        symptom: 'refused',
        expected: ['a 2xx once processing works again'],
        actual: `${describeReply(next.reply)}, ${RECOVERS_WITHIN_MS / 1000} s after ${failed.length} events whose processing failed`,
        diagnosis: `After ${failed.length} failures in a row every event is refused (${describeReply(next.reply)}) until a restart, though processing works again: what has opened or was marked as down, such as a circuit breaker, never tries again.`,
        fix: 'Let a circuit breaker try one call after a pause (half-open) and close when it succeeds; count a probe that is refused by the breaker itself as no failure.',
        exchanges: [next],
      });

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
  catches: ['delivery-failure-keeps-connection', 'delivery-breaker-stays-open'],
  // The last one: what it breaks stays broken.
  stage: 'review',
  needs: ['fault'],
  after: ['delivery/late-repeats', 'delivery/repeat-in-progress'],
  run: async (probe) => {
    const failed = await whileFailing(probe, () => failMany(probe));
    const next = await firstAccepted(probe);
    if (isAccepted(next)) return pass(`${failed.length} failures`);
    if (next.reply.kind === 'answer') return neverAccepted(probe, failed, next);
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
