/**
 * Additional headers, as added by gateways and proxies.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

const BYTES = 4096;

export const check = defineCheck({
  id: 'http/large-headers',
  level: 'SHOULD',
  title: 'Accepts 4 KiB of additional headers',
  requirement: {
    text: 'Intermediaries add headers: tracing, cookies, forwarding. Servers commonly allow at least 8 KiB',
    source: 'RFC 9110, 5.4 (limits are the server’s own)',
  },
  cause: 'The header size limit is very low.',
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
