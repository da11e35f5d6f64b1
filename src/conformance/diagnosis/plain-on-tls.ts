/**
 * A plain http:// URL of a port that speaks another protocol: TLS most often.
 *
 * @module
 */
import type { Exchange } from '../net/exchange.ts';
import { overTls, type Probe } from '../probe/probe.ts';
import { bodyOf, statusOf, type Finding, type Cause } from './evidence.ts';

/** In the words of nginx, Go, Apache and Tomcat. */
const TLS_WANTED =
  /plain HTTP request was sent to (an )?HTTPS port|sent an HTTP request to an HTTPS server|(sent|speaking plain HTTP) to an? (TLS|SSL)\S* \S*\s?port|combination of host and port requires TLS/i;
/** Who says it says little else; a debug page says everything. */
const SHORT = 2000;

const isTold = (valid: Exchange): boolean => {
  const body = bodyOf(valid.reply);
  return statusOf(valid) === 400 && body.length < SHORT && TLS_WANTED.test(body);
};

/** Most servers say nothing: they cut the connection, or wait for the rest of a handshake. */
const isDumb = ({ reply }: Exchange): boolean =>
  reply.kind === 'none' && ['reset', 'timeout', 'invalid_response'].includes(reply.cause);

const finding = (url: string): Finding => ({
  diagnosis: 'This port speaks TLS, and the URL is a plain http:// one.',
  fix: `Give the URL with https://: ${overTls(url)} (with the option "insecure" if the certificate is self-signed).`,
});

/** Before anything else is sent: whatever it is, it would take its time. */
export const plainOnTls = async (probe: Probe, valid: Exchange): Promise<Finding | null> => {
  if (probe.url.startsWith('https:')) return null;
  if (isTold(valid)) return finding(probe.url);
  return isDumb(valid) && (await probe.speaksTls()) ? finding(probe.url) : null;
};

export const notHttp: Cause = ({ valid: { reply }, probe }) =>
  reply.kind === 'none' && reply.cause === 'invalid_response' && !probe.url.startsWith('https:')
    ? {
        diagnosis:
          'What listens there answers something that is not HTTP/1.1, and no TLS either: it speaks another protocol.',
        fix: 'Look at the port.',
      }
    : null;
