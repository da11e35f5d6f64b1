/**
 * Causes of a valid event without an answer.
 *
 * @module
 */
import type { Exchange } from '../net/exchange.ts';
import { describeReply } from '../verdict.ts';
import { notHttp } from './plain-on-tls.ts';
import type { Cause } from './evidence.ts';

const ANSWER_FIRST =
  'Answer 2xx as soon as the event is safely stored, and do the work afterwards; see that every path of the handler ends the response (Node: res.end(); an awaited promise that never settles is the usual one).';

const inSeconds = (ms: number): string =>
  `${ms < 950 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;

/** The first request that was answered, with what it was. */
const firstAnswered = (
  requests: readonly (readonly [what: string, exchange: Exchange])[],
): { readonly what: string; readonly exchange: Exchange } | null => {
  const found = requests.find(([, { reply }]) => reply.kind === 'answer');
  return found === undefined ? null : { what: found[0], exchange: found[1] };
};

const hang: Cause = ({ valid, unsigned, forged, get }) => {
  if (valid.reply.kind !== 'none' || valid.reply.cause !== 'timeout') return null;
  const answered = firstAnswered([
    ['without a signature', unsigned],
    ['with a wrong signature', forged],
    ['a GET', get],
  ]);
  if (answered === null) {
    // Once it has been seen to hang, others are not waited for as long.
    const waited = Math.min(...[unsigned, forged, get].map(({ reply }) => reply.durationMs));
    return {
      diagnosis: `It takes the connection and then answers nothing at all: not the valid event within ${inSeconds(valid.reply.durationMs)}, and nothing else that is sent (without a signature, with a wrong one, a GET) within ${inSeconds(waited)}.`,
      fix: `See whether the process is stuck (a debugger’s breakpoint, a dead-lock, a worker pool that is used up), and whether this is the right port. Or it is only slow, and then the provider does not wait for it either. ${ANSWER_FIRST}`,
    };
  }
  return {
    diagnosis: `It answers other requests (${answered.what}: ${describeReply(answered.exchange.reply)}), but not a valid event: the handler works, or waits, before it answers.`,
    fix: ANSWER_FIRST,
    shownBy: [answered.exchange],
  };
};

const cut: Cause = ({ valid, unsigned, forged }) => {
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
      diagnosis: 'The receiver crashed on the first valid event: nothing listens there any longer.',
      fix: 'Check its log: an uncaught error in the handler ends the process.',
    };
  }
  return other !== null
    ? {
        diagnosis: `It cuts the connection of a valid event without an answer, though it answers one ${other.what} (${describeReply(other.exchange.reply)}): the handler fails after verification, and the error is not caught.`,
        fix: 'Check its log; catch errors in the handler, and respond with 5xx if the event could not be stored.',
        shownBy: [other.exchange],
      }
    : {
        diagnosis: 'It accepts the connection and closes it without a response, whatever is sent.',
        fix: 'See whether it is this port, whether it speaks TLS (then the URL begins with https://), and what its log says.',
      };
};

export const SILENCES: readonly Cause[] = [notHttp, hang, cut];
