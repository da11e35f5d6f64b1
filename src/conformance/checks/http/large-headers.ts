/**
 * Headers that gateways and proxies add.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

const BYTES = 4096;

export const check = defineCheck({
  id: 'http/large-headers',
  level: 'SHOULD',
  title: 'Takes 4 KiB of further headers',
  requirement: {
    text: 'What stands between provider and receiver adds headers: traces, cookies, forwarding. 8 KiB of them is the least that servers are commonly set to',
    source: 'RFC 9110, 5.4 (limits are the server’s own)',
  },
  cause: 'A limit on headers is set very low.',
  fix: 'Allow 8 KiB (Node: --max-http-header-size; nginx: large_client_header_buffers; gunicorn: limit_request_field_size).',
  catches: ['http-few-headers'],
  stage: 'valid',
  run: async (probe) => {
    const value = 'a1b2c3d4'.repeat(BYTES / 4 / 8);
    const names = ['x-trace-context', 'x-forwarded-client', 'x-gateway-state', 'x-request-baggage'];
    const exchange = await probe.post(probe.event(), {
      headers: names.map((name) => [name, value]),
    });
    if (isAccepted(exchange)) return pass();
    return fail({ expected: ['a 2xx'], actual: describeReply(exchange.reply) });
  },
});
