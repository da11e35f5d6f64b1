/**
 * Keeps web pages out: the sandbox's own API and pages answer only under names that are the sandbox's (DNS rebinding)
 * and only to pages of its own (cross-site requests).
 *
 * @module
 */
import { isIP } from 'node:net';
import type { MiddlewareHandler } from 'hono';
import { foreignHost, foreignOrigin } from '../domain/problems.ts';
import type { Ctx, Env } from './context.ts';

/** A host name, lower case, without port and brackets. */
const nameOf = (authority: string): string =>
  authority
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');

const isLoopbackName = (name: string): boolean =>
  name === 'localhost' ||
  name.endsWith('.localhost') ||
  name === '::1' ||
  /^127(?:\.\d{1,3}){3}$/.test(name);

/** Names that no one else's DNS can answer for: addresses, names without a dot, Docker's name of the host. */
const isNetworkName = (name: string): boolean =>
  isIP(name) !== 0 || /^[a-z0-9_-]+$/.test(name) || name === 'host.docker.internal';

/** Someone follows a link: the page is shown to them, and to no other page. */
const isVisit = (c: Ctx): boolean =>
  ['GET', 'HEAD'].includes(c.req.method) &&
  c.req.header('sec-fetch-mode') === 'navigate' &&
  c.req.header('sec-fetch-dest') === 'document';

export const createGuard = (
  boundTo: string,
  allowedHosts: readonly string[],
): MiddlewareHandler<Env> => {
  const allowed = new Set(allowedHosts.map(nameOf));
  const local = isLoopbackName(nameOf(boundTo));
  const isOurs = (name: string): boolean =>
    allowed.has(name) || isLoopbackName(name) || (!local && isNetworkName(name));
  return async (c, next) => {
    const asked = new URL(c.req.url).host;
    const host = c.req.header('host') ?? asked;
    // They differ when the request line names a host of its own.
    for (const name of [nameOf(host), nameOf(asked)]) if (!isOurs(name)) throw foreignHost(name);
    const origin = c.req.header('origin');
    if (
      origin !== undefined &&
      (!URL.canParse(origin) || new URL(origin).host !== host.toLowerCase())
    ) {
      throw foreignOrigin(origin);
    }
    const site = c.req.header('sec-fetch-site');
    if ((site === 'cross-site' || site === 'same-site') && !isVisit(c)) {
      throw foreignOrigin(origin ?? site);
    }
    await next();
  };
};
