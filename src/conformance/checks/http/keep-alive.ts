/**
 * Several events over one connection.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { within } from '../../net/within.ts';
import { causeOfSilence, silenceOf, type Silence } from '../../experiments/silent-connection.ts';
import { describeSurplus } from '../../diagnosis/surplus.ts';
import type { Exchange, Reply } from '../../net/exchange.ts';
import type { Probe } from '../../probe/probe.ts';
import { saysClose } from '../../probe/kept-connection.ts';
import { rawRequest } from '../../probe/raw-post.ts';
import type { RawConnection } from '../../net/raw-socket.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

const EVENTS = 12;
/** For a receiver that needs seconds for every response. */
const SLOW_EVENTS = 4;
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

const CLOSES = pass('the receiver closes connections');

interface Sent {
  /** Null when each event was accepted. */
  readonly verdict: Verdict | null;
  /** Number of the event in whose place the connection was closed without an announcement; else null. */
  readonly closedAt: number | null;
  readonly exchange: Exchange;
}

/** Events over one connection, until it is closed. */
const sendOver = async (probe: Probe): Promise<Sent> => {
  const connection = await probe.connect();
  const events = probe.isSlow() ? SLOW_EVENTS : EVENTS;
  try {
    let before: Reply | undefined;
    for (let place = 1; ; place += 1) {
      const exchange = await postOver(probe, connection, place);
      const { reply } = exchange;
      if (place > 1 && reply.kind === 'none' && reply.cause === 'reset') {
        return { verdict: null, closedAt: place, exchange };
      }
      if (!isAccepted(exchange)) {
        return { verdict: failFor(exchange, place, before), closedAt: null, exchange };
      }
      before = reply;
      if (closesConnection(exchange)) {
        const note = 'the receiver closes connections, or its responses are too long to be read';
        return { verdict: pass(note), closedAt: null, exchange };
      }
      if (place === events) return { verdict: null, closedAt: null, exchange };
    }
  } finally {
    connection.close();
  }
};

const failFor = (exchange: Exchange, place: number, before: Reply | undefined): Verdict => {
  const surplus = describeSurplus(before, exchange.reply);
  return fail({
    expected: ['a 2xx for each event'],
    actual: `event ${place} over one connection: ${describeReply(exchange.reply)}`,
    exchanges: [exchange],
    ...(surplus !== null && {
      key: surplus.key,
      diagnosis: surplus.sentence,
      fix: surplus.fix,
    }),
  });
};

const closesSilently = (place: number, exchange: Exchange): Verdict =>
  fail({
    key: 'http:closes-silently',
    expected: ['`Connection: close` with the last response of a connection'],
    actual: `event ${place} over one connection: ${describeReply(exchange.reply)}, three times`,
    diagnosis: `Closes a connection after ${place - 1} requests without saying so (no \`Connection: close\`): the sender sends the next event over it, which gets no response and has to be sent again.`,
    fix: 'Send `Connection: close` with the last response that a connection gets, or keep it open.',
    exchanges: [exchange],
  });

const failSilent = (silence: Silence): Verdict => {
  const { key, sentence, fix } = causeOfSilence(silence);
  return fail({
    key,
    expected: ['a 2xx for each event, or `Connection: close`'],
    actual: `event ${silence.served + 1} over one connection: no response`,
    diagnosis: sentence,
    fix,
    exchanges: [silence.exchange],
  });
};

/** For the response to the second one. Milliseconds. */
const SECOND_WITHIN_MS = 2500;

/** Two requests in one packet, as where a network joins them. */
const answersBoth = async (probe: Probe): Promise<Verdict> => {
  const connection = await probe.connect();
  const bodies = [1, 2].map(() => Buffer.from(probe.write(probe.event()), 'utf8'));
  try {
    await connection.write(
      Buffer.concat(bodies.map((body) => rawRequest(probe, body, probe.headersFor(body)).bytes)),
    );
    const headers = probe.headersFor(bodies[0]!);
    const manner = 'one of two requests in one packet';
    const reply = await connection.reply();
    const first = probe.keep({ method: 'POST', headers, body: bodies[0]!, manner }, reply);
    const patienceMs = SECOND_WITHIN_MS + 2 * reply.durationMs;
    if (!isAccepted(first) || (await within(probe.wall, connection.reply(), patienceMs)) !== null) {
      return pass();
    }
    return fail({
      key: 'http:pipelined',
      expected: ['a response to each of two requests in one packet'],
      actual: `${describeReply(first.reply)}, then nothing within ${SECOND_WITHIN_MS / 1000} s`,
      diagnosis:
        'When two requests of one connection arrive in one packet, the second one is never answered: what was read beyond the end of the first request is lost, as with a new buffered reader for each request.',
      fix: 'Keep one buffered reader for each connection, or use a HTTP server of the platform.',
      exchanges: [first],
    });
  } finally {
    connection.close();
  }
};

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
  catches: [
    'http-second-on-connection',
    'http-characters-as-length',
    'http-closes-silently',
    'http-loses-second-in-packet',
    'http-one-request-a-connection',
  ],
  stage: 'valid',
  run: async (probe) => {
    const silence = await silenceOf(probe);
    if (silence !== null) return failSilent(silence);
    const { verdict, closedAt } = await sendOver(probe);
    if (closedAt === null) return verdict === null ? answersBoth(probe) : verdict;
    // Idle connections may end at any time; after the same number of requests each time, it is no accident.
    const again = await sendOver(probe);
    const steady = again.closedAt === closedAt && (await sendOver(probe)).closedAt === closedAt;
    return steady && closedAt > 2 ? closesSilently(closedAt, again.exchange) : CLOSES;
  },
});
