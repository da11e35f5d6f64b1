/**
 * Response time as the number of stored events grows.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { latenciesOf } from '../../judge/latencies.ts';
import type { Exchange } from '../../net/exchange.ts';
import { stopwatch } from '../../net/stopwatch.ts';
import { fail, notTested, pass } from '../../verdict.ts';

const EVENTS = 150;
const COMPARED = 30;
/** A slow receiver is not measured at all. Milliseconds. */
const ENOUGH_MS = 3000;
/** Below this a ratio is noise. Milliseconds. */
const NOISE_MS = 5;
const RATIO = 4;

export const check = defineCheck({
  id: 'performance/growth',
  level: 'INFO',
  title: 'Does not slow down as events accumulate',
  requirement: {
    text: 'A response must arrive within 10 seconds, on the last day of a campaign as on the first',
    source: 'guide, "Respond fast"',
  },
  cause:
    'Each event scans all earlier ones: a list without an index, a file that is rewritten, a count that is recomputed.',
  fix: 'Index the columns that are looked up (the event id, the campaign), and maintain counters instead of recounting.',
  catches: ['performance-grows'],
  stage: 'flood',
  after: ['performance/latency'],
  run: async (probe) => {
    const elapsed = stopwatch();
    const sent: Exchange[] = [];
    while (sent.length < EVENTS && elapsed() < ENOUGH_MS) {
      sent.push(await probe.post(probe.event()));
    }
    if (sent.length < 3 * COMPARED) {
      return notTested(
        `Only ${sent.length} events were answered in ${ENOUGH_MS} ms: too few to compare.`,
      );
    }
    // The first ones warm it up.
    const early = latenciesOf(sent.slice(COMPARED / 2, (COMPARED * 3) / 2)).median;
    const late = latenciesOf(sent.slice(-COMPARED)).median;
    if (late < NOISE_MS || late < RATIO * early) return pass();
    return fail({
      expected: ['the same time for the last as for the first'],
      actual: `median ${Math.round(early)} ms at first, ${Math.round(late)} ms after ${sent.length} events`,
      exchanges: sent.slice(-1),
    });
  },
});
