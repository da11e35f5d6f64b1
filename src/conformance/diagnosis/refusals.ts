/**
 * Causes that are left when no way of signing was accepted.
 *
 * @module
 */
import { isAccepted, describeReply } from '../verdict.ts';
import { readError } from './error-text.ts';
import { remedyFor } from './frameworks.ts';
import { bareBadRequest } from './host-check.ts';
import {
  bodyOf,
  headerOf,
  intermediaryOf,
  isAlike,
  isHtml,
  statusOf,
  type Cause,
} from './evidence.ts';

/** The same URL with or without the slash at its end; null where there is no path. */
const otherSlash = (url: string): string | null => {
  const other = new URL(url);
  if (other.pathname === '/') return null;
  other.pathname = other.pathname.endsWith('/')
    ? other.pathname.slice(0, -1)
    : `${other.pathname}/`;
  return other.href;
};

const wrongPath: Cause = async ({ valid, unsigned, probe }) => {
  const status = statusOf(valid);
  if (status === null || ![404, 405, 410, 501].includes(status)) return null;
  if (statusOf(unsigned) !== status) return null;
  const { pathname } = new URL(probe.url);
  const url = otherSlash(probe.url);
  const other = url === null ? null : await probe.post(valid.request.body, { url });
  // Only as a hint: what is registered is what must answer.
  if (other !== null && isAccepted(other)) {
    return {
      diagnosis: `There is nothing at ${pathname}, but at ${new URL(other.request.url).pathname}: only the slash at the end differs. The provider posts to exactly the registered URL.`,
      fix: `Register (and test) ${other.request.url}, or serve both. ${remedyFor('slash', valid.reply)}`,
      shownBy: [other],
    };
  }
  if (status === 404 || status === 410) {
    return {
      diagnosis: `There is nothing at ${pathname}: every POST to it is answered ${status}, signed or not.`,
      fix: 'Look at the path: its spelling, a prefix that a router or a proxy adds or takes away, and whether the route is registered for POST.',
    };
  }
  const allowed = headerOf(valid.reply, 'allow');
  return {
    diagnosis: `${pathname} takes no POST (${status}${allowed === null ? '' : `, Allow: ${allowed}`}): the path is another, or its route is registered for another method.`,
    fix: 'Register the handler for POST on exactly this path (Flask: methods=["POST"]; Express: app.post).',
  };
};

const SESSION =
  /log[-_ ]?in|sign[-_ ]?in|session|unauthenticated|authentication required|bearer|api.?key/i;

const firewall: Cause = ({ valid, unsigned, get }) => {
  const status = statusOf(valid);
  const who = intermediaryOf(valid.reply);
  if (status === null || status < 400 || who === null || !isHtml(valid.reply)) return null;
  if (!isAlike(valid, unsigned) || !isAlike(valid, get)) return null;
  if (SESSION.test(bodyOf(valid.reply)) || headerOf(valid.reply, 'www-authenticate') !== null)
    return null;
  return {
    diagnosis: `${who} answers ${status} with a page of its own, signed or not, POST or GET: the request does not get to the receiver.`,
    fix: 'Let POSTs to the webhook’s path through there: no bot check, no challenge, no rule on bodies. Then try the receiver’s own port to see whether it is right.',
    shownBy: [unsigned],
  };
};

const authGate: Cause = ({ valid, unsigned, forged, get }) => {
  const status = statusOf(valid);
  if (status !== 401 && status !== 403 && status !== 407) return null;
  if (!isAlike(valid, unsigned) || !isAlike(valid, forged)) return null;
  const scheme = headerOf(valid.reply, 'www-authenticate');
  const cookie = headerOf(valid.reply, 'set-cookie') !== null;
  const sameForGet = isAlike(valid, get);
  const told = SESSION.test(bodyOf(valid.reply)) || cookie;
  if (scheme === null && !(sameForGet && told)) return null;
  const signs = [
    scheme === null ? null : `WWW-Authenticate: ${scheme}`,
    cookie ? 'a session cookie is set' : null,
    isHtml(valid.reply) ? 'the answer is an HTML page' : null,
    sameForGet ? 'a GET is answered alike' : null,
  ].filter((sign) => sign !== null);
  const who = intermediaryOf(valid.reply);
  return {
    diagnosis: `A login stands in front${who === null ? '' : ` (${who})`}: the valid event, one without a signature and one with a wrong one get the same ${status} (${signs.join('; ')}). The provider cannot log in: it sends the signature and nothing else.`,
    fix: 'Take the webhook’s path out of the login (middleware order; Laravel: outside the auth group; Spring Security: permitAll; a gateway: no authorizer on this route). If only this test goes through a gateway, pass its credentials as a header ("Authorization: …").',
    shownBy: [unsigned, ...(sameForGet ? [get] : [])],
  };
};

const handlerFails: Cause = ({ valid, unsigned, forged }) => {
  const status = statusOf(valid);
  if (status === null || status < 500) return null;
  const refused = [forged, unsigned].find((one) => (statusOf(one) ?? 500) < 500);
  const { says, meaning } = readError(bodyOf(valid.reply));
  return refused === undefined
    ? {
        diagnosis: `It answers ${status} to every event, signed or not: it fails before, or while, it looks at the signature.${says}`,
        fix:
          meaning ??
          'Look at its log. Usual: the secret is not set where it runs (createHmac of undefined), the body was read before (express.json() in front), or a service that it needs is down.',
        shownBy: [unsigned],
      }
    : {
        diagnosis: `The signature passes (a wrong one gets ${describeReply(refused.reply)}), and then the handler fails on a valid event.${says}`,
        fix: 'Look at its log: the event is the provider’s own example. The cause is in what happens after the signature.',
        shownBy: [refused],
      };
};

const contentRefused: Cause = ({ valid, forged, unsigned }) => {
  const status = statusOf(valid);
  if (status === null || status < 400 || status > 499 || isAlike(valid, forged)) return null;
  if (isAlike(valid, unsigned)) return null;
  const said = isHtml(valid.reply) ? '' : bodyOf(valid.reply).slice(0, 200);
  return {
    diagnosis: `The signature seems to pass (a wrong one gets ${describeReply(forged.reply)}), and then the event is refused with ${status}${said === '' ? '' : `: ${said}`}. It is the provider’s own example.`,
    fix: 'Look at what checks the event after the signature: a schema that is too strict, a table of known campaigns or leads, a window on the timestamp.',
    shownBy: [forged],
  };
};

/** In this order: the more particular first. */
export const REFUSALS: readonly Cause[] = [
  wrongPath,
  bareBadRequest,
  firewall,
  authGate,
  handlerFails,
  contentRefused,
];
