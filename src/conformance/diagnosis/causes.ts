/**
 * Causes that are unrelated to the signature and visible in the response itself.
 *
 * @module
 */
import { isAccepted, describeReply } from '../verdict.ts';
import { remedyFor } from './frameworks.ts';
import { raiseLimit } from './body-limit.ts';
import { hostCheck } from './host-check.ts';
import { gistOf } from './page.ts';
import { headerOf, intermediaryOf, statusOf, type Cause } from './evidence.ts';

const LOGIN = /log[-_]?in|sign[-_]?in|auth|sso/i;

const whyMoved = (from: string, to: URL): readonly [why: string, fix: string] => {
  const url = new URL(from);
  const slash = (path: string): string => path.replace(/\/$/, '');
  if (LOGIN.test(to.pathname))
    return [
      'That is a login page: a layer in front of the receiver requires a session.',
      'Exempt the webhook path from the login: the signature authenticates the caller.',
    ];
  if (url.protocol === 'http:' && to.protocol === 'https:' && url.hostname === to.hostname)
    return ['It requires https.', 'Register the URL with https://.'];
  if (url.host === to.host && slash(url.pathname) === slash(to.pathname))
    return ['Only the trailing slash differs.', 'Register exactly the URL that it redirects to.'];
  return ['It has moved.', 'Register exactly the URL that answers.'];
};

const redirect: Cause = ({ valid, probe }) => {
  const status = statusOf(valid);
  if (status === null || status < 300 || status > 399) return null;
  const location = headerOf(valid.reply, 'location');
  if (location === null || !URL.canParse(location, probe.url)) {
    return {
      diagnosis: 'It answers a redirect that leads nowhere; the provider counts it as a failure.',
      fix: 'Answer 2xx at the registered URL itself.',
    };
  }
  const to = new URL(location, probe.url);
  const [why, fix] = whyMoved(probe.url, to);
  const slash = /slash/.test(why) ? ` ${remedyFor('slash', valid.reply)}` : '';
  return {
    actual: `${status}, to ${to.href}`,
    diagnosis: `It redirects to ${to.href}. ${why} The provider follows no redirect: a 3xx is a failed attempt, and the event is lost after the third retry.`,
    fix: fix + slash,
  };
};

const bodyLimit: Cause = ({ valid }) => {
  if (statusOf(valid) !== 413) return null;
  const who = intermediaryOf(valid.reply);
  return {
    diagnosis: `An ordinary event of ${valid.request.body.length} bytes is too large for it${who === null ? '' : ` (the answer is from ${who})`}: the limit on bodies is far too low.`,
    fix: raiseLimit(valid.reply),
  };
};

const rateLimit: Cause = ({ valid }) => {
  if (statusOf(valid) !== 429) return null;
  const after = headerOf(valid.reply, 'retry-after');
  return {
    diagnosis: `A rate limit answers in the receiver’s place${after === null ? '' : ` (Retry-After: ${after})`}, for the very first event. The provider does not wait: it counts a failure and retries after 30 seconds.`,
    fix: 'Exempt the webhook path from the rate limiter, or limit only requests without a valid signature. If your own requests exhausted the limit, wait and run again.',
  };
};

const OTHER_TYPES = [
  'application/json; charset=utf-8',
  'text/plain',
  'application/octet-stream',
  'application/x-www-form-urlencoded',
] as const;

const contentType: Cause = async ({ valid, probe }) => {
  const status = statusOf(valid);
  if (status !== 415 && status !== 406) return null;
  const tried = await Promise.all(
    OTHER_TYPES.map((type) => probe.post(valid.request.body, { contentType: type })),
  );
  const at = tried.findIndex(isAccepted);
  const other = at < 0 ? '' : ` The same event as ${OTHER_TYPES[at]} is accepted.`;
  return {
    diagnosis: `It does not take application/json, the only type that the provider sends.${other}`,
    fix: 'Accept Content-Type: application/json on this route (Express: express.raw({ type: "application/json" }); Fastify: addContentTypeParser; Spring: consumes = "application/json"), and ask for no Accept header.',
    shownBy: tried.filter(isAccepted).slice(0, 1),
  };
};

const CSRF =
  /csrf|xsrf|authenticity.?token|antiforgery|anti-forgery|page expired|cross.?site request/i;

/** What it refuses with; a failure that names it on its page is another matter. */
const CSRF_STATUSES = [400, 401, 403, 419, 422];

const csrf: Cause = ({ valid, unsigned }) => {
  const status = statusOf(valid);
  const told = CSRF.test(gistOf(valid.reply)) || status === 419;
  if (!told || status === null || !CSRF_STATUSES.includes(status)) return null;
  if (statusOf(unsigned) !== status) return null;
  return {
    diagnosis:
      'CSRF protection rejects every POST without its token, signed or not, before it reaches the receiver.',
    fix: `Exempt this path: the signature is stronger than a CSRF token. ${remedyFor('csrf', valid.reply)}`,
    shownBy: [unsigned],
  };
};

const gateway: Cause = ({ valid, unsigned, get }) => {
  const status = statusOf(valid);
  if (status === null || ![502, 503, 504].includes(status)) return null;
  if (statusOf(unsigned) !== status || statusOf(get) !== status) return null;
  const who = intermediaryOf(valid.reply);
  if (who === null && status === 503) return null;
  return {
    diagnosis: `${who ?? 'A gateway in front'} answers ${status} to everything: it does not reach the receiver behind it.`,
    fix: 'Start the receiver behind the proxy, and look at the proxy’s upstream address and port.',
    shownBy: [get],
  };
};

const inverted: Cause = ({ forged }) =>
  isAccepted(forged)
    ? {
        actual: `the valid event refused, and the same one with 64 wrong digits accepted (${describeReply(forged.reply)})`,
        diagnosis:
          'It rejects the valid signature and accepts a wrong one: the comparison is inverted.',
        fix: 'Fix the comparison: respond with 401 if the values differ, and continue if they are equal.',
        shownBy: [forged],
      }
    : null;

/** What the reply itself tells, before any signature is tried. */
export const CAUSES: readonly Cause[] = [
  redirect,
  bodyLimit,
  rateLimit,
  contentType,
  hostCheck,
  csrf,
  gateway,
  inverted,
];
