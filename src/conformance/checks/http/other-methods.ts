/**
 * The same request with other methods.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { isThrottled } from '../../net/throttle.ts';
import type { Exchange } from '../../net/exchange.ts';
import { inTurn } from '../../probe/in-turn.ts';
import type { Probe } from '../../probe/probe.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

const METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const HTTP_NOT_IMPLEMENTED = 501;

const isLegalRefusal = (exchange: Exchange): boolean =>
  isThrottled(exchange) ||
  (exchange.reply.kind === 'answer' && exchange.reply.status === HTTP_NOT_IMPLEMENTED);

const BARE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Description of a wrong response to a method; null if it is fine. */
const faultOf = async (probe: Probe, method: (typeof METHODS)[number]): Promise<string | null> => {
  const event = probe.event();
  const body = BARE.has(method) ? '' : probe.write(event);
  const exchange = await probe.post(body, { method });
  const { reply } = exchange;
  const fault = `${method}: ${describeReply(reply)}`;
  if (reply.kind === 'none' || (reply.status >= 500 && !isLegalRefusal(exchange))) return fault;
  if (!isAccepted(exchange) || BARE.has(method) || probe.effects === null) return null;
  const count = await probe.effects.settled(event.id, 1, { forMs: 300 });
  return count > 0 ? `${fault}, and processed it` : null;
};

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
    const faults = (await inTurn(probe, METHODS, (method) => faultOf(probe, method))).filter(
      (fault) => fault !== null,
    );
    if (faults.length === 0) return pass();
    return fail({ expected: ['404 or 405', 'a page for GET'], actual: faults.join('; ') });
  },
});
