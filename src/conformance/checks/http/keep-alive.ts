/**
 * Several events over one connection.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { describeSurplus } from '../../diagnosis/surplus.ts';
import type { Exchange, Reply } from '../../net/exchange.ts';
import type { Probe } from '../../probe/probe.ts';
import { saysClose } from '../../probe/kept-connection.ts';
import { rawRequest } from '../../probe/raw-post.ts';
import type { RawConnection } from '../../net/raw-socket.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

const EVENTS = 4;
/** Which of them has text that is longer in bytes than in characters. */
const NON_ASCII = 2;
const TEXT = 'Zoë Müller-Łukasz 🎉 佐藤';

const postOver = async (
  probe: Probe,
  connection: RawConnection,
  place: number,
): Promise<Exchange> => {
  const event =
    place === NON_ASCII
      ? probe.event('email.replied', { lead_name: TEXT, campaign_name: TEXT, reply_preview: TEXT })
      : probe.event();
  const body = Buffer.from(probe.write(event), 'utf8');
  const headers = probe.headersFor(body);
  await connection.write(rawRequest(probe, body, headers).bytes);
  const reply = await connection.reply();
  const manner = `event ${place} over the same connection`;
  return probe.keep({ method: 'POST', headers, body, manner }, reply);
};

/** Whether the receiver closes the connection, as HTTP allows at any time. */
const closesConnection = ({ reply }: Exchange): boolean =>
  reply.kind === 'none' ? reply.cause === 'reset' : saysClose(reply);

export const check = defineCheck({
  id: 'http/keep-alive',
  level: 'SHOULD',
  title: 'Accepts several events over one connection, or closes it',
  requirement: {
    text: 'A connection stays open for the next request unless one side announces that it will close it',
    source: 'RFC 9112, 9.3',
  },
  cause:
    'State of one request leaks into the next: an unread body, a buffer that is not cleared, data attached to the socket.',
  fix: 'Read every body to its end, even when rejecting the request, and keep no state on the connection. Or respond with Connection: close.',
  catches: ['http-second-on-connection', 'http-characters-as-length'],
  stage: 'valid',
  run: async (probe) => {
    const connection = await probe.connect();
    try {
      let before: Reply | undefined;
      for (let place = 1; place <= EVENTS; place += 1) {
        const exchange = await postOver(probe, connection, place);
        const { reply } = exchange;
        if (place > 1 && reply.kind === 'none' && reply.cause === 'reset') {
          return pass('the receiver closes connections');
        }
        if (!isAccepted(exchange)) {
          const surplus = describeSurplus(before, reply);
          return fail({
            expected: ['a 2xx for each event'],
            actual: `event ${place} of ${EVENTS}: ${describeReply(reply)}`,
            exchanges: [exchange],
            ...(surplus !== null && {
              key: surplus.key,
              diagnosis: surplus.sentence,
              fix: surplus.fix,
            }),
          });
        }
        before = reply;
        if (closesConnection(exchange)) {
          return pass('the receiver closes connections, or its responses are too long to be read');
        }
      }
      return pass();
    } finally {
      connection.close();
    }
  },
});
