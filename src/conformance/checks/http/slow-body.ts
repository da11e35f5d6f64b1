/**
 * A body that arrives slowly.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { postInPieces, withLength } from '../../samples/chunked-events.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

const PIECES = 8;
const PAUSE_MS = 60;

export const check = defineCheck({
  id: 'http/slow-body',
  level: 'SHOULD',
  title: 'Accepts a body that takes half a second',
  requirement: {
    text: 'The sender has 10 seconds; a slow connection is not an error',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause: 'The timeout for reading the body is very short.',
  fix: 'Allow several seconds for a body (nginx: client_body_timeout; gunicorn: timeout; Node: requestTimeout).',
  catches: ['http-impatient'],
  stage: 'valid',
  isLong: true,
  after: ['http/split-body'],
  run: async (probe) => {
    const exchange = await postInPieces(probe, {
      manner: `the body in ${PIECES} pieces, ${PAUSE_MS} ms apart`,
      framing: withLength,
      cut: (head, body) => {
        const size = Math.ceil(body.length / PIECES);
        const parts = Array.from({ length: PIECES }, (_, index) =>
          body.subarray(index * size, (index + 1) * size),
        );
        return [head, ...parts];
      },
      pauseMs: PAUSE_MS,
    });
    if (isAccepted(exchange)) return pass();
    return fail({ expected: ['a 2xx'], actual: describeReply(exchange.reply) });
  },
});
