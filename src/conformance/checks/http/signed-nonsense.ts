/**
 * Rightly signed bodies that are no event: only who has the secret can send them.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import type { Exchange } from '../../probe/exchange.ts';
import { fail, pass, tell } from '../../verdict.ts';

const BODIES = ['{"event":', 'null', '[]', '"email.sent"', '17', '{}', '{"event":"email.sent"}'];

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
  catches: ['http-nonsense-throws'],
  stage: 'risky',
  run: async (probe) => {
    const sent: Exchange[] = [];
    for (const body of BODIES) sent.push(await probe.post(body));
    const broken = sent.filter(isBroken);
    if (broken.length === 0) return pass();
    return fail({
      expected: ['a 4xx', 'a 2xx'],
      actual: broken
        .map(({ request, reply }) => `${Buffer.from(request.body).toString()}: ${tell(reply)}`)
        .join('; '),
      exchanges: broken,
    });
  },
});
