/**
 * Guard against requests from web pages. Any page in a browser can send requests to a port on this machine: cross-site,
 * or under its own name once that name resolves to 127.0.0.1 (DNS rebinding). Both are rejected on every path, before
 * anything is read or changed:
 *
 * - `Host` must be a name of the sandbox. Bound to loopback, those are loopback's names and the container runtimes'
 *   names for the host. Bound to anything else, also every name that public DNS cannot resolve: addresses, service
 *   names, private suffixes. More can be allowed by configuration.
 * - `Origin` and `Sec-Fetch-Site`, which browsers send and pages cannot forge, must not name another site.
 *
 * Requests that another node of the sandbox forwards were checked there.
 *
 * Two exceptions: `/livez` and `/readyz` accept any name unless bound to loopback, because load balancers send arbitrary
 * `Host` values and these paths reveal nothing about accounts. A request without `Host` passes: it comes from an HTTP/1.0
 * client or from this process, never from a browser.
 *
 * @module
 */
import type { HttpBindings } from '@hono/node-server';
import type { MiddlewareHandler } from 'hono';
import { badRequest, foreignHost, foreignOrigin } from '../domain/problems.ts';
import type { SandboxRemedyTexts } from '../domain/remedies.ts';
import type { Ctx, Env } from './context.ts';
import { hostNameOf, isHostAlias, isLoopbackName, isNetworkName } from './host-name.ts';

const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz']);

/** True for a link that a user follows: the browser shows the response to the user, not to another page. */
const isNavigation = (c: Ctx): boolean =>
  ['GET', 'HEAD'].includes(c.req.method) &&
  c.req.header('sec-fetch-mode') === 'navigate' &&
  c.req.header('sec-fetch-dest') === 'document';

/** Every authority that the request names: `Host`, and the request target if it has one of its own. */
const authoritiesOf = (c: Ctx): readonly string[] => {
  const host = c.req.header('host');
  const { url } = c.req;
  if (host === undefined) {
    // A call in this process may use any URL; over the network it is the request target, or the bound address.
    const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
    return incoming === undefined ? [] : [new URL(url).host];
  }
  if (host === '' || host.includes(',')) throw badRequest();
  if (url.startsWith(`http://${host}/`)) return [host];
  return [host, new URL(url).host];
};

const checkOrigin = (c: Ctx, isAllowed: (name: string) => boolean): void => {
  const origin = c.req.header('origin');
  if (origin !== undefined) {
    const parsed = URL.canParse(origin) ? new URL(origin) : null;
    const host = c.req.header('host') ?? new URL(c.req.url).host;
    // A proxy may rewrite `Host`; its own name can be allowed by configuration.
    const isOwn =
      parsed !== null && (parsed.host === host.toLowerCase() || isAllowed(hostNameOf(parsed.host)));
    if (!isOwn) throw foreignOrigin('Origin', origin);
  }
  const site = c.req.header('sec-fetch-site');
  if ((site === 'cross-site' || site === 'same-site') && !isNavigation(c)) {
    throw foreignOrigin('Sec-Fetch-Site', site);
  }
};

/**
 * @param boundTo address that the server is bound to
 * @param allowedHosts additional names of the sandbox
 * @param remedies texts for the remedy of a refused name
 */
export const createGuard = (
  boundTo: string,
  allowedHosts: readonly string[],
  remedies: Pick<SandboxRemedyTexts, 'allow_host'>,
): MiddlewareHandler<Env> => {
  const allowed = new Set(allowedHosts.map(hostNameOf));
  const bound = hostNameOf(boundTo);
  const isLocal = isLoopbackName(bound);
  const isOwnName = (name: string): boolean =>
    name === bound ||
    isLoopbackName(name) ||
    isHostAlias(name) ||
    allowed.has(name) ||
    (!isLocal && isNetworkName(name));
  /** Nearly all requests name the same one. */
  let lastAccepted: string | undefined;
  return async (c, next) => {
    // Checked by the node that got it from the client.
    if (c.get('forwardedBy') !== undefined) return next();
    if (isLocal || !PROBES.has(c.req.path)) {
      for (const authority of authoritiesOf(c)) {
        if (authority === lastAccepted) continue;
        const name = hostNameOf(authority);
        if (!isOwnName(name)) throw foreignHost(name, remedies.allow_host);
        lastAccepted = authority;
      }
    }
    checkOrigin(c, (name) => allowed.has(name));
    // The sandbox has no service worker, and a sink's response must never become one.
    if (c.req.header('service-worker') !== undefined) {
      throw foreignOrigin('Service-Worker', c.req.header('service-worker') ?? '');
    }
    await next();
  };
};
