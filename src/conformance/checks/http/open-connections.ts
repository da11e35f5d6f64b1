/**
 * Connections that are open and ask for nothing.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { findBlocked } from '../../experiments/held-connections.ts';
import { rememberCause } from '../../experiments/known-causes.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'http/open-connections',
  level: 'SHOULD',
  title: 'Responds while other connections are open',
  requirement: {
    text: 'A response must arrive within 10 seconds; a connection stays open for the next request unless one side closes it, and how many a sender keeps is not documented',
    source: 'guide, "Step 3: Handle retries"; RFC 9112, 9.3',
  },
  cause: 'Each connection occupies a worker or thread until it is closed.',
  fix: 'Serve connections by an event loop, or close those that are idle after a second or two.',
  catches: ['http-stalled-bodies-block'],
  stage: 'risky',
  after: ['http/broken-body'],
  run: async (probe) => {
    if (probe.isSlow()) return notTested('Responses take seconds, held connections or not.');
    const blocked = await findBlocked(probe);
    if (blocked === null) return pass();
    const { way, cause, held, isSoonClosed, actual, exchange } = blocked;
    // A client keeps connections; with the others a sender would have to do this on purpose. That one stalled body stops all
    // others is a lock that is held too long; that one silent connection does is a server for one connection at a time.
    // Where it is soon closed, it takes many of them to make a sender wait for too long.
    const isOrdinary = way === 'kept' && !isSoonClosed;
    const isLock = way === 'half' && held === 1;
    if (isOrdinary) rememberCause(probe, 'refused', cause);
    return fail({
      symptom: 'refused',
      ...(isOrdinary || isLock ? {} : { level: 'INFO' as const }),
      key: cause.key,
      expected: ['a response within 10 s while other connections are open'],
      actual,
      diagnosis: cause.sentence,
      fix: cause.fix,
      exchanges: [exchange],
    });
  },
});
