/**
 * Latency of sequential events.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { latenciesOf, SLOW_MS, formatLatencies, unanswered } from '../../judge/latencies.ts';
import type { Exchange } from '../../net/exchange.ts';
import { stopwatch } from '../../net/stopwatch.ts';
import { fail, pass } from '../../verdict.ts';

const WARM_UP = 3;
const EVENTS = 20;
/** Time limit: a slow receiver is measured with fewer events. */
const MAX_MS = 2000;
const SLOW_MAX_MS = 1500;

export const check = defineCheck({
  id: 'performance/latency',
  level: 'MUST',
  title: 'Responds to sequential events well within the time limit',
  requirement: {
    text: 'A response must arrive within 10 seconds: acknowledge first, process afterwards',
    source: 'guide, "Respond fast"',
  },
  cause: 'The work is done before responding: calls to a CRM, to Slack, to a slow database.',
  fix: 'Store the event, respond with 200, and process it in the background (a queue, a job table, a worker).',
  catches: ['performance-slow'],
  // Before the load stage, whose backlog would distort the measurement.
  stage: 'risky',
  run: async (probe) => {
    const elapsed = stopwatch();
    const sent: Exchange[] = [];
    // For a slow receiver, the whole run was a warm-up.
    const [warmUp, maxMs] = probe.isSlow() ? [0, SLOW_MAX_MS] : [WARM_UP, MAX_MS];
    for (let place = 0; place < warmUp + EVENTS; place += 1) {
      sent.push(await probe.post(probe.event()));
      if (place >= warmUp && elapsed() > maxMs) break;
    }
    const measured = sent.slice(warmUp);
    const late = unanswered(measured);
    const figures = latenciesOf(measured);
    const summary = formatLatencies(figures);
    if (late.length > 0) {
      return fail({
        expected: ['a response within the limit'],
        actual: `${late.length} of ${measured.length} events got no response in time; ${summary}`,
        exchanges: late.slice(0, 1),
      });
    }
    if (figures.p95 <= SLOW_MS) return pass(summary);
    return fail({
      level: 'SHOULD',
      expected: [`a 95th percentile of at most ${SLOW_MS} ms`],
      actual: summary,
      exchanges: measured.slice(-1),
    });
  },
});
