/**
 * A burst of a hundred events.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { CONNECTION_LIMIT, knownCause } from '../../experiments/known-causes.ts';
import { latenciesOf, formatLatencies } from '../../judge/latencies.ts';
import type { Exchange } from '../../net/exchange.ts';
import { fail, pass, describeReply } from '../../verdict.ts';

const EVENTS = 100;
/** All of them at the same time. */
const SLOW_EVENTS = 60;

/** Whether the request was dropped for lack of capacity. */
const isDropped = ({ reply }: Exchange): boolean =>
  reply.kind === 'none' || reply.status === 502 || reply.status === 500 || reply.status === 504;

export const check = defineCheck({
  id: 'performance/burst',
  level: 'SHOULD',
  title: `Handles a burst of ${EVENTS} events`,
  requirement: {
    text: 'When a campaign goes out, events arrive in bursts; the failed ones are retried together 30 seconds later',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'Connections, workers or database connections run out, and requests fail instead of waiting. A single-threaded server with a short listen backlog (5 in Python’s http.server) drops connections, which are retried after seconds.',
  fix: 'Raise the listen backlog (Python: request_queue_size = 128; gunicorn and uvicorn: --backlog) and the number of workers. Let requests wait a few seconds for a free worker or connection before they fail, and use fewer resources per request.',
  catches: ['performance-breaks-in-burst', 'http-few-connections'],
  stage: 'load',
  after: ['performance/latency', 'performance/parallel'],
  run: async (probe) => {
    const count = probe.isSlow() ? SLOW_EVENTS : EVENTS;
    const events = Array.from({ length: count }, () => probe.event());
    const sent = await Promise.all(events.map((event) => probe.post(event)));
    const broken = sent.filter(isDropped);
    const [first] = broken;
    const known = knownCause(probe, 'refused');
    if (first === undefined && known?.key === CONNECTION_LIMIT) {
      return fail({
        symptom: 'refused',
        key: known.key,
        expected: ['a response to each event'],
        actual: 'connections were closed without a response, though not in this burst',
        diagnosis: known.sentence,
        fix: known.fix,
        exchanges: [],
      });
    }
    if (first === undefined) return pass(formatLatencies(latenciesOf(sent)));
    return fail({
      symptom: 'refused',
      expected: ['a response to each event'],
      actual: `${broken.length} of ${count} failed: ${describeReply(first.reply)}`,
      exchanges: [first],
    });
  },
});
