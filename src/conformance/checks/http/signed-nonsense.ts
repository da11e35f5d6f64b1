/**
 * Rightly signed bodies that are no event: only who has the secret can send them.
 *
 * @module
 */
import { almostEvents } from '../../samples/invalid-events.ts';
import { defineCheck } from '../../check.ts';
import type { Exchange } from '../../net/exchange.ts';
import { fail, pass, describeReply } from '../../verdict.ts';

const BODIES = ['{"event":', 'null', '[]', '"email.sent"', '17', '{}', '{"event":"email.sent"}'];

/** Characters of a body that are told: the exchange has all of them. */
const SHOWN = 60;

/** The end tells more than the beginning: there is what they lack. */
const shorten = (text: string): string => (text.length > SHOWN ? `…${text.slice(-SHOWN)}` : text);

const isBroken = ({ reply }: Exchange): boolean => reply.kind === 'none' || reply.status >= 500;

export const check = defineCheck({
  id: 'http/signed-nonsense',
  level: 'INFO',
  title: 'Answers signed bodies that are no event without failing',
  requirement: {
    text: 'The provider sends events only; a 5xx would make it come again three times',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause: 'The handler reads members of what it has parsed without looking at it.',
  fix: 'Check that the parsed body is an object with an id and an event before going on; answer 400 otherwise.',
  catches: ['http-nonsense-throws', 'http-null-data-cuts'],
  stage: 'risky',
  run: async (probe) => {
    const sent: Exchange[] = [];
    // They may be taken, and block a queue: where effects are looked at, delivery/poison-block sends them at the end.
    const isLookedAt = probe.effects !== null || probe.hooks.state !== undefined;
    for (const body of [...BODIES, ...(isLookedAt ? [] : almostEvents(probe))]) {
      const exchange = await probe.post(body);
      sent.push(exchange);
      // What it died of is the last that was sent.
      if (exchange.reply.kind === 'none') break;
    }
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
