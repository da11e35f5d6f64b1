/**
 * Correctly signed bodies that are not events. Only holders of the secret can send them.
 *
 * @module
 */
import { almostEvents } from '../../samples/invalid-events.ts';
import { defineCheck } from '../../check.ts';
import type { Exchange } from '../../net/exchange.ts';
import { inTurn } from '../../probe/in-turn.ts';
import { fail, pass, describeReply } from '../../verdict.ts';

const BODIES = ['{"event":', 'null', '[]', '"email.sent"', '17', '{}', '{"event":"email.sent"}'];

/** Characters of a body that the message quotes; the exchange has all of them. */
const MAX_QUOTED_CHARACTERS = 60;

/** Keep the end, where the bodies differ. */
const shorten = (text: string): string =>
  text.length > MAX_QUOTED_CHARACTERS ? `…${text.slice(-MAX_QUOTED_CHARACTERS)}` : text;

const isBroken = ({ reply }: Exchange): boolean => reply.kind === 'none' || reply.status >= 500;

export const check = defineCheck({
  id: 'http/signed-nonsense',
  level: 'INFO',
  title: 'Does not fail on signed bodies that are not events',
  requirement: {
    text: 'The provider sends only events; a 5xx causes three retries',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause: 'The handler accesses properties of the parsed body without validating it.',
  fix: 'Check that the parsed body is an object with an id and an event; otherwise respond with 400.',
  catches: ['http-nonsense-throws', 'http-null-data-cuts'],
  stage: 'risky',
  run: async (probe) => {
    // Accepted ones may block a queue: if effects can be observed, delivery/poison-block sends them at the end instead.
    const isObservable = probe.effects !== null || probe.hooks.state !== undefined;
    const bodies = [...BODIES, ...(isObservable ? [] : almostEvents(probe))];
    const sent = await inTurn(
      probe,
      bodies,
      (body) => probe.post(body),
      // Keep the request that crashed the receiver last.
      (exchanges) => exchanges.some(({ reply }) => reply.kind === 'none'),
    );
    const broken = sent.filter(isBroken);
    if (broken.length === 0) return pass();
    return fail({
      expected: ['a 4xx', 'a 2xx'],
      actual: broken
        .map(
          ({ request, reply }) =>
            `${shorten(Buffer.from(request.body).toString())}: ${describeReply(reply)}`,
        )
        .join('; '),
      exchanges: broken,
    });
  },
});
