/**
 * A sender that asks before it sends the body.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { postInPieces, withLength } from '../../samples/chunked-events.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

/** Senders wait for the permission for a moment only. */
const PAUSE_MS = 150;
const EXPECTATION_FAILED = 417;

export const check = defineCheck({
  id: 'http/expect-continue',
  level: 'SHOULD',
  title: 'Answers a request with Expect: 100-continue',
  requirement: {
    text: 'A server answers Expect: 100-continue with 100, or with a final status. Whether the provider sends it is not documented, but HTTP clients do (curl for large bodies, .NET), and a proxy in between may',
    source: 'RFC 9110, 10.1.1',
  },
  cause: 'Requests with this header go to a listener of their own that never answers them.',
  fix: 'Hand such requests to the same handler as all others (Node: in `checkContinue`, call `response.writeContinue()` and emit `request`, or leave the listener out), or answer 417.',
  catches: ['http-expect-hangs'],
  stage: 'valid',
  isLong: true,
  after: ['http/split-body'],
  run: async (probe) => {
    const exchange = await postInPieces(probe, {
      manner: 'Expect: 100-continue, then the body',
      framing: (body) => [...withLength(body), ['Expect', '100-continue']],
      cut: (head, body) => [head, body],
      pauseMs: PAUSE_MS,
    });
    if (isAccepted(exchange)) return pass();
    const { reply } = exchange;
    if (reply.kind === 'answer' && reply.status === EXPECTATION_FAILED) {
      return pass(
        'refused with 417, which HTTP allows: a sender then sends the body without asking',
      );
    }
    return fail({ expected: ['a 2xx', 'a 417'], actual: describeReply(reply) });
  },
});
