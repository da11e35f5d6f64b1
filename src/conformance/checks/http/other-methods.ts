/**
 * The same request with other methods.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

const METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const BARE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export const check = defineCheck({
  id: 'http/other-methods',
  level: 'SHOULD',
  title: 'Processes POST requests only',
  requirement: {
    text: 'Events are sent by POST; other methods get a 404 or 405. A health page for GET is fine',
    source: 'guide, "What webhooks do"; RFC 9110, 15.5.6',
  },
  cause: 'The route accepts any method, or fails on a request without a body.',
  fix: 'Route only POST to the handler, and respond with 405 to other methods.',
  catches: ['http-any-method', 'http-get-throws'],
  stage: 'negative',
  run: async (probe) => {
    const faults: string[] = [];
    for (const method of METHODS) {
      const event = probe.event();
      const body = BARE.has(method) ? '' : probe.write(event);
      const exchange = await probe.post(body, { method });
      const { reply } = exchange;
      if (reply.kind === 'none') faults.push(`${method}: ${describeReply(reply)}`);
      else if (reply.status >= 500 && reply.status !== 501)
        faults.push(`${method}: ${describeReply(reply)}`);
      else if (isAccepted(exchange) && !BARE.has(method) && probe.effects !== null) {
        const count = await probe.effects.settled(event.id, 1, { forMs: 300 });
        if (count > 0) faults.push(`${method}: ${describeReply(reply)}, and processed it`);
      }
    }
    if (faults.length === 0) return pass();
    return fail({ expected: ['404 or 405', 'a page for GET'], actual: faults.join('; ') });
  },
});
