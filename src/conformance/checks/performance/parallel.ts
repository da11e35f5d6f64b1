/**
 * Latency of twenty concurrent events.
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
  title: `Responds to ${EVENTS} concurrent events well within the time limit`,
  requirement: {
    text: 'A response must arrive within 10 seconds, even when many events happen at once',
    source: 'guide, "Respond fast"',
  },
  cause: 'Requests wait for each other: a single worker, a lock, a small connection pool.',
  fix: 'Do nothing slow before responding; add workers or enlarge the connection pool.',
  catches: ['performance-crowded'],
  stage: 'load',
  after: ['performance/latency'],
  run: async (probe) => {
    if (!probe.isSlow()) await probe.post(probe.event());
    const events = Array.from({ length: EVENTS }, () => probe.event());
    const sent = await Promise.all(events.map((event) => probe.post(event)));
    const late = unanswered(sent);
    const figures = latenciesOf(sent);
    const summary = formatLatencies(figures);
    if (late.length > 0) {
      return fail({
        expected: ['a response within the limit for each event'],
        actual: `${late.length} of ${EVENTS} events got no response in time; ${summary}`,
        exchanges: late.slice(0, 1),
      });
    }
    if (figures.p95 <= SLOW_MS) return pass(summary);
    return fail({
      level: 'SHOULD',
      expected: [`a 95th percentile of at most ${SLOW_MS} ms`],
      actual: summary,
      exchanges: sent.slice(-1),
    });
  },
});
