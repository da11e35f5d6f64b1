/**
 * Response time as the number of stored events grows.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { latenciesOf } from '../../judge/latencies.ts';
import type { Probe } from '../../probe/probe.ts';
import type { Exchange } from '../../net/exchange.ts';
import { stopwatch } from '../../net/stopwatch.ts';
import { fail, notTested, pass } from '../../verdict.ts';

const EVENTS = 150;
const WINDOW = 30;
/** Time limit: a slow receiver is not measured at all. */
const MAX_MS = 3000;
/** Below this, a ratio is noise. */
const NOISE_MS = 5;
const MIN_RATIO = 4;

/**
 * Response time of the fastest event in a window. Load on the machine delays some requests, growth delays all of them, so
 * only the fastest one distinguishes them.
 */
const fastestOf = (exchanges: readonly Exchange[]): number => latenciesOf(exchanges).fastest;

const hasGrown = (earlyMs: number, lateMs: number): boolean =>
  lateMs >= NOISE_MS && lateMs >= MIN_RATIO * earlyMs;

const send = async (probe: Probe, count: number, maxMs = Infinity): Promise<Exchange[]> => {
  const elapsed = stopwatch();
  const sent: Exchange[] = [];
  while (sent.length < count && elapsed() < maxMs) sent.push(await probe.post(probe.event()));
  return sent;
};

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
    if (probe.isSlow()) {
      return notTested(
        'The receiver is too slow: too few events would get a response to compare them.',
      );
    }
    const sent = await send(probe, EVENTS, MAX_MS);
    if (sent.length < 3 * WINDOW) {
      return notTested(
        `Only ${sent.length} events got a response within ${MAX_MS} ms: too few to compare.`,
      );
    }
    // The first events warm the receiver up.
    const early = fastestOf(sent.slice(WINDOW / 2, (WINDOW * 3) / 2));
    if (!hasGrown(early, fastestOf(sent.slice(-WINDOW)))) return pass();
    // Measure again: what the receiver has accumulated still slows it down, while load may have passed.
    const confirmation = await send(probe, WINDOW);
    const late = fastestOf(confirmation);
    if (!hasGrown(early, late)) return pass();
    return fail({
      expected: ['the same response time for the last events as for the first'],
      actual: `fastest response: ${Math.round(early)} ms at first, ${Math.round(late)} ms after ${sent.length} events`,
      exchanges: confirmation.slice(-1),
    });
  },
});
