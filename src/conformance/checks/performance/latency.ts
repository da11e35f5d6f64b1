/**
 * One event after the other.
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
/** A slow receiver is measured by fewer events. Milliseconds. */
const ENOUGH_MS = 4000;

export const check = defineCheck({
  id: 'performance/latency',
  level: 'MUST',
  title: 'Answers one event at a time well within the limit',
  requirement: {
    text: 'An answer must come within 10 seconds: acknowledge first, process afterwards',
    source: 'guide, "Respond fast"',
  },
  cause: 'The work is done before the answer: calls to a CRM, to Slack, to a slow database.',
  fix: 'Write the event down, answer 200, and process it in the background (a queue, a job table, a worker).',
  catches: ['performance-slow'],
  // Before the crowds come: what they leave behind would be measured, too.
  stage: 'risky',
  run: async (probe) => {
    const elapsed = stopwatch();
    const sent: Exchange[] = [];
    for (let place = 0; place < WARM_UP + EVENTS; place += 1) {
      sent.push(await probe.post(probe.event()));
      if (place >= WARM_UP && elapsed() > ENOUGH_MS) break;
    }
    const measured = sent.slice(WARM_UP);
    const late = unanswered(measured);
    const figures = latenciesOf(measured);
    const told = formatLatencies(figures);
    if (late.length > 0) {
      return fail({
        expected: ['an answer within the limit'],
        actual: `${late.length} of ${measured.length} events were not answered in time; ${told}`,
        exchanges: late.slice(0, 1),
      });
    }
    if (figures.p95 <= SLOW_MS) return pass(told);
    return fail({
      level: 'SHOULD',
      expected: [`a 95th percentile of at most ${SLOW_MS} ms`],
      actual: told,
      exchanges: measured.slice(-1),
    });
  },
});
