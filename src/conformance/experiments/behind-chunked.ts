/**
 * Whether the request behind a chunked one is answered on the same connection.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import type { Exchange, HeaderPairs } from '../net/exchange.ts';
import type { RawConnection } from '../net/raw-socket.ts';
import { rawHead } from '../net/raw-socket.ts';
import { saysClose } from '../probe/kept-connection.ts';
import type { Probe } from '../probe/probe.ts';
import { CHUNKED, withLength, type Pieces } from '../samples/chunked-events.ts';
import { describeReply, fail, isAccepted } from '../verdict.ts';

const post = async (
  probe: Probe,
  connection: RawConnection,
  framing: Pieces['framing'],
  cut: Pieces['cut'],
  manner: string,
): Promise<Exchange> => {
  const body = Buffer.from(probe.write(probe.event()), 'utf8');
  const headers: HeaderPairs = probe.headersFor(body);
  const head = Buffer.from(rawHead('POST', probe.url, [...headers, ...framing(body)]), 'latin1');
  for (const piece of cut(head, body)) await connection.write(piece);
  const reply = await connection.reply();
  return probe.keep({ method: 'POST', headers, body, manner }, reply);
};

const whole: Pieces['cut'] = (head, body) => [Buffer.concat([head, body])];

/** Both exchanges of two events over one connection; null if the receiver announces that it closes it. */
const postTwo = async (
  probe: Probe,
  first: Pick<Pieces, 'framing' | 'cut'>,
  name: string,
): Promise<readonly [Exchange, Exchange] | null> => {
  const connection = await probe.connect();
  try {
    const one = await post(probe, connection, first.framing, first.cut, name);
    if (!isAccepted(one) || saysClose(one.reply)) return null;
    const manner = `an event over the same connection, behind ${name}`;
    return [one, await post(probe, connection, withLength, whole, manner)];
  } finally {
    connection.close();
  }
};

/** A closed connection may be an accident: connections end at any time. */
const TRIES = 2;

/** @returns a failure if the second one of two events on a connection is not answered only where the first is chunked */
export const judgeBehindChunked = async (probe: Probe): Promise<Verdict | null> => {
  let failed: readonly [Exchange, Exchange] | null = null;
  for (let tried = 0; tried < TRIES; tried += 1) {
    failed = await postTwo(probe, CHUNKED, 'a chunked one');
    if (failed === null || isAccepted(failed[1])) return null;
    const plain = { framing: withLength, cut: whole };
    const control = await postTwo(probe, plain, 'one with a Content-Length');
    if (control === null || !isAccepted(control[1])) return null;
  }
  if (failed === null) return null;
  return fail({
    key: 'http:behind-chunked',
    expected: ['a 2xx for the next event on the connection, or `Connection: close`'],
    actual: `an event behind a chunked one, over the same connection: ${describeReply(failed[1].reply)}; behind one with a Content-Length: accepted`,
    diagnosis:
      'The next request on a connection is not answered when the body before it was chunked: the chunked body is not read to its end (the empty line behind the last chunk), and what is left is taken for the beginning of the next request.',
    fix: 'Read a chunked body with its trailer section, up to and including the empty line behind the last chunk; or announce `Connection: close`.',
    exchanges: failed,
  });
};
