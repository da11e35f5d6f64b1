/**
 * A chunked body, without Content-Length.
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
    text: 'A body may use Transfer-Encoding: chunked and have no Content-Length. Whether the provider does this is not documented, but a proxy in between may',
    source: 'RFC 9112, 7.1',
  },
  cause: 'The handler reads Content-Length bytes and treats a missing length as zero.',
  fix: 'Read until the body ends. Python’s http.server: read the chunks, or put a WSGI server in front; PHP: php://input behind nginx; serverless platforms: enable binary or streamed bodies.',
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
    // A server may require a Content-Length, with 411.
    const requiresLength = reply.kind === 'answer' && reply.status === 411;
    return fail({
      ...(requiresLength ? { level: 'INFO' as const } : {}),
      expected: ['a 2xx'],
      actual: describeReply(reply),
      ...(requiresLength
        ? { diagnosis: 'The server requires a Content-Length (411), which HTTP allows.' }
        : {}),
    });
  },
});
