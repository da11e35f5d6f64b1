/**
 * Twenty events at the same time.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { latenciesOf, SLOW_MS, formatLatencies, unanswered } from '../../judge/latencies.ts';
import { fail, pass } from '../../verdict.ts';

const EVENTS = 20;

export const check = defineCheck({
  id: 'performance/parallel',
  level: 'MUST',
  title: `Answers ${EVENTS} events at the same time well within the limit`,
  requirement: {
    text: 'An answer must come within 10 seconds, also when many events happen at once',
    source: 'guide, "Respond fast"',
  },
  cause: 'Requests wait for one another: one worker, a lock, a pool of few connections.',
  fix: 'Do nothing slow while a request waits; give the server more workers, the pool more connections.',
  catches: ['performance-crowded'],
  stage: 'load',
  after: ['performance/latency'],
  run: async (probe) => {
    await probe.post(probe.event());
    const events = Array.from({ length: EVENTS }, () => probe.event());
    const sent = await Promise.all(events.map((event) => probe.post(event)));
    const late = unanswered(sent);
    const figures = latenciesOf(sent);
    const told = formatLatencies(figures);
    if (late.length > 0) {
      return fail({
        expected: ['an answer within the limit for each'],
        actual: `${late.length} of ${EVENTS} events were not answered in time; ${told}`,
        exchanges: late.slice(0, 1),
      });
    }
    if (figures.p95 <= SLOW_MS) return pass(told);
    return fail({
      level: 'SHOULD',
      expected: [`a 95th percentile of at most ${SLOW_MS} ms`],
      actual: told,
      exchanges: sent.slice(-1),
    });
  },
});
