/**
 * Causes of a valid event without an answer.
 *
 * @module
 */
import type { Exchange } from '../probe/exchange.ts';
import { tell } from '../verdict.ts';
import type { Obstacle } from './scene.ts';

const ANSWER_FIRST =
  'Answer 2xx as soon as the event is safely stored, and do the work afterwards; see that every path of the handler ends the response (Node: res.end(); an awaited promise that never settles is the usual one).';

/** The first request that was answered, with what it was. */
const firstAnswered = (
  requests: readonly (readonly [what: string, exchange: Exchange])[],
): { readonly what: string; readonly exchange: Exchange } | null => {
  const found = requests.find(([, { reply }]) => reply.kind === 'answer');
  return found === undefined ? null : { what: found[0], exchange: found[1] };
};

const hang: Obstacle = ({ valid, unsigned, forged, get }) => {
  if (valid.reply.kind !== 'none' || valid.reply.cause !== 'timeout') return null;
  const answered = firstAnswered([
    ['without a signature', unsigned],
    ['with a wrong signature', forged],
    ['a GET', get],
  ]);
  if (answered === null) {
    return {
      diagnosis:
        'It takes the connection and then answers nothing at all, whatever is sent: with or without a signature, POST or GET.',
      fix: 'See whether the process is stuck (a debugger’s breakpoint, a dead-lock, a worker pool that is used up), and whether this is the right port.',
    };
  }
  return {
    diagnosis: `It answers other requests (${answered.what}: ${tell(answered.exchange.reply)}), but not a valid event: the handler works, or waits, before it answers.`,
    fix: ANSWER_FIRST,
    shownBy: [answered.exchange],
  };
};

const notHttp: Obstacle = ({ valid: { reply }, probe }) => {
  const tlsSpoken =
    reply.kind === 'answer' && reply.status === 400 && /HTTPS port|TLS|SSL/.test(reply.body);
  const odd = reply.kind === 'none' && reply.cause === 'invalid_response';
  if (!(odd || tlsSpoken) || probe.url.startsWith('https:')) return null;
  return {
    diagnosis: tlsSpoken
      ? 'This port speaks TLS, and the URL is a plain http:// one.'
      : 'What listens there answers something that is not HTTP/1.1: it may speak TLS, or another protocol.',
    fix: 'Give the URL with https:// if the receiver speaks TLS, or the right port.',
  };
};

const cut: Obstacle = ({ valid, unsigned, forged }) => {
  if (valid.reply.kind !== 'none') return null;
  const other = firstAnswered([
    ['without a signature', unsigned],
    ['with a wrong signature', forged],
  ]);
  const gone = [unsigned, forged].every(
    ({ reply }) => reply.kind === 'none' && reply.cause === 'refused',
  );
  if (gone) {
    return {
      diagnosis: 'The receiver died of the first valid event: nobody listens there any more.',
      fix: 'Look at its log: an error in the handler that nobody catches ends the process.',
    };
  }
  return other !== null
    ? {
        diagnosis: `It cuts the connection of a valid event without an answer, though it answers one ${other.what} (${tell(other.exchange.reply)}): the handler fails on what it has verified, and nobody catches it.`,
        fix: 'Look at its log; catch errors in the handler, and answer 5xx where the event could not be stored.',
        shownBy: [other.exchange],
      }
    : {
        diagnosis: 'It takes the connection and cuts it without an answer, whatever is sent.',
        fix: 'See whether it is this port, whether it speaks TLS (then the URL begins with https://), and what its log says.',
      };
};

export const SILENCES: readonly Obstacle[] = [notHttp, hang, cut];
