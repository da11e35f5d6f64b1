/**
 * A body without a length.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { postInPieces } from '../../samples/chunked-events.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);

export const check = defineCheck({
  id: 'http/chunked',
  level: 'SHOULD',
  title: 'Reads a chunked body',
  requirement: {
    text: 'A body may come with Transfer-Encoding: chunked and no Content-Length. Whether the provider sends it so is not documented; a proxy on the way may',
    source: 'RFC 9112, 7.1',
  },
  cause: 'The handler reads Content-Length bytes, and takes a missing length for zero.',
  fix: 'Read until the body ends. Python’s http.server: read the chunks, or put a WSGI server in front; PHP: php://input behind nginx; a function platform: look for its setting for binary or streamed bodies.',
  catches: ['http-needs-length'],
  stage: 'valid',
  run: async (probe) => {
    const exchange = await postInPieces(probe, {
      manner: 'Transfer-Encoding: chunked, in two chunks, without Content-Length',
      framing: () => [['Transfer-Encoding', 'chunked']],
      cut: (head, body) => {
        const half = Math.floor(body.length / 2);
        const parts = [chunk(body.subarray(0, half)), chunk(body.subarray(half))];
        return [Buffer.concat([head, ...parts, Buffer.from('0\r\n\r\n')])];
      },
      pauseMs: 0,
    });
    if (isAccepted(exchange)) return pass();
    const { reply } = exchange;
    // A server may ask for a length, and says so.
    const asksForLength = reply.kind === 'answer' && reply.status === 411;
    return fail({
      ...(asksForLength ? { level: 'INFO' as const } : {}),
      expected: ['a 2xx'],
      actual: describeReply(reply),
      ...(asksForLength ? { diagnosis: 'The server asks for a length (411), which it may.' } : {}),
    });
  },
});
