/**
 * Requests that were never answered.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'http/no-hang',
  level: 'MUST',
  title: 'Answers every request, the wrong ones too',
  requirement: {
    text: 'An answer must come within 10 seconds; a connection that is kept waiting is one that others cannot have',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'A path through the handler ends without an answer: an early return, a promise that nobody awaits, an error that is only logged.',
  fix: 'Answer on every path. Express 4: catch errors of async handlers and call next(error); set a time limit on requests.',
  catches: ['http-hangs-on-forgery'],
  observe: ({ exchanges: all, timeoutMs }) => {
    const exchanges = all.filter(({ inCrowd }) => !inCrowd);
    if (exchanges.length === 0) return notTested('Nothing was sent. Run more checks.');
    const hung = exchanges.filter(
      ({ exchange: { reply } }) => reply.kind === 'none' && reply.cause === 'timeout',
    );
    const [first] = hung;
    if (first === undefined) return pass(`${exchanges.length} requests, all answered`);
    return fail({
      expected: [`an answer within ${timeoutMs} ms`],
      actual: `no answer to what ${[...new Set(hung.map(({ by }) => by))].join(', ')} sent`,
      exchanges: [first.exchange],
      ...(hung.length === 1
        ? {}
        : {
            diagnosis: `A path through the handler ends without an answer, or one request keeps all others waiting. ${hung.length} requests were not answered; after the first, a valid event was given three seconds and anything else one.`,
          }),
    });
  },
});
