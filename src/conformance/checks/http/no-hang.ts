/**
 * Requests without a response.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import type { Exchange } from '../../net/exchange.ts';
import { explainBySilentRepeats } from '../../experiments/unanswered-repeat.ts';
import { describeHang } from '../../diagnosis/hung.ts';
import { fail, isTimedOut, notTested, pass } from '../../verdict.ts';

/** Judges a missing response itself: its request is not known to be sent. */
const OWN = 'http/expect-continue';

/** The last check of a run that sends requests. */
const BREAKS = 'delivery/many-failures';

export const check = defineCheck({
  id: 'http/no-hang',
  level: 'MUST',
  title: 'Responds to every request, even invalid ones',
  requirement: {
    text: 'A response must arrive within 10 seconds; a hanging connection is unavailable to others',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'A code path in the handler ends without a response: an early return, an unawaited promise, an error that is only logged.',
  fix: 'Respond on every code path. Express 4: catch errors of async handlers and call next(error); set a request timeout.',
  catches: ['http-hangs-on-forgery'],
  observe: ({ exchanges: all, timeoutMs, hang: forGood = null }) => {
    const exchanges = all.filter(({ by, inBurst }) => !inBurst && by !== OWN);
    if (exchanges.length === 0) return notTested('No requests were sent. Run more checks.');
    const hung = exchanges.filter(({ exchange }) => isTimedOut(exchange));
    const [first] = hung;
    if (first === undefined) return pass(`${exchanges.length} requests, all with a response`);
    if (forGood !== null) return notTested('See http/survives: since then nothing is answered.');
    const broken = all.findIndex(({ by, exchange }) => by === BREAKS && isTimedOut(exchange));
    if (broken !== -1 && all.indexOf(first) >= broken) {
      return notTested(`See ${BREAKS}, after which nothing is answered.`);
    }
    const exchangeOf = (one: (typeof all)[number]): Exchange => one.exchange;
    const [silent, sent] = [hung.map(exchangeOf), all.map(exchangeOf)];
    const hang = explainBySilentRepeats(silent, sent) ?? describeHang(silent, sent);
    return fail({
      expected: [`a response within ${timeoutMs} ms`],
      actual: `no response to requests of ${[...new Set(hung.map(({ by }) => by))].join(', ')}`,
      exchanges: [first.exchange],
      ...(hang ??
        (hung.length > 1 && {
          diagnosis: `A code path in the handler ends without a response, or one request blocks all others. ${hung.length} requests got no response; after the first, valid events had three seconds and all other requests one.`,
        })),
    });
  },
});
