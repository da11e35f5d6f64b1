/**
 * Keeps web pages out: the sandbox's own API and pages answer only under names that are the sandbox's (DNS rebinding)
 * and only to pages of its own (cross-site requests).
 *
 * @module
 */
import { isIP } from 'node:net';
import type { MiddlewareHandler } from 'hono';
import { foreignHost, foreignOrigin } from '../domain/problems.ts';
import type { Env } from './context.ts';

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

export const createGuard = (
  boundTo: string,
  allowedHosts: readonly string[],
): MiddlewareHandler<Env> => {
  const allowed = new Set(allowedHosts.map(nameOf));
  const local = isLoopbackName(nameOf(boundTo));
  const isOurs = (name: string): boolean =>
    allowed.has(name) || isLoopbackName(name) || (!local && isNetworkName(name));
  return async (c, next) => {
    const host = c.req.header('host') ?? new URL(c.req.url).host;
    if (!isOurs(nameOf(host))) throw foreignHost(nameOf(host));
    const origin = c.req.header('origin');
    if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)) {
      throw foreignOrigin(origin);
    }
    const site = c.req.header('sec-fetch-site');
    if (site === 'cross-site' || site === 'same-site') throw foreignOrigin(origin ?? site);
    await next();
  };
};
