/**
 * A hundred events as fast as they can be sent.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { latenciesOf, formatLatencies } from '../../judge/latencies.ts';
import type { Exchange } from '../../net/exchange.ts';
import { fail, pass, describeReply } from '../../verdict.ts';

const EVENTS = 100;

/** Connections that are turned away at the door. */
const isTurnedAway = ({ reply }: Exchange): boolean =>
  reply.kind === 'none' || reply.status === 502 || reply.status === 500 || reply.status === 504;

export const check = defineCheck({
  id: 'performance/burst',
  level: 'SHOULD',
  title: `Withstands a burst of ${EVENTS} events`,
  requirement: {
    text: 'When a campaign goes out, events come in bursts; each that fails comes again 30 seconds later, together with the others',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'Connections, workers or database connections run out, and requests fail instead of waiting. A server with one thread and a short listen backlog (Python’s http.server keeps five) drops connections at the door; they come again after seconds.',
  fix: 'Raise the listen backlog (Python: request_queue_size = 128; gunicorn and uvicorn: --backlog) and the number of workers. Let requests wait for a free worker or connection for some seconds before they fail; take less per request.',
  catches: ['performance-breaks-in-burst'],
  stage: 'load',
  after: ['performance/latency', 'performance/parallel'],
  run: async (probe) => {
    const events = Array.from({ length: EVENTS }, () => probe.event());
    const sent = await Promise.all(events.map((event) => probe.post(event)));
    const broken = sent.filter(isTurnedAway);
    const [first] = broken;
    if (first === undefined) return pass(formatLatencies(latenciesOf(sent)));
    return fail({
      symptom: 'refused',
      expected: ['an answer to each'],
      actual: `${broken.length} of ${EVENTS} failed: ${describeReply(first.reply)}`,
      exchanges: [first],
    });
  },
});
