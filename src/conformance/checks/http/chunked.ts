/**
 * A chunked body, without Content-Length.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeBehindChunked } from '../../experiments/behind-chunked.ts';
import { CHUNKED, postInPieces } from '../../samples/chunked-events.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

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
  catches: ['http-needs-length', 'http-leaves-last-line'],
  stage: 'valid',
  run: async (probe) => {
    const exchange = await postInPieces(probe, CHUNKED);
    if (isAccepted(exchange)) return (await judgeBehindChunked(probe)) ?? pass();
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
