/**
 * Host names: normalization of `Host` and of configured names, and which names belong to this machine.
 *
 * @module
 */
import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Names of container runtimes for the host. `.internal` is reserved, so no one can register them. */
const HOST_ALIASES: ReadonlySet<string> = new Set([
  'host.docker.internal',
  'gateway.docker.internal',
  'host.containers.internal',
]);

/**
 * Suffixes that public DNS never resolves (RFC 6761, 6762, 8375 and ICANN's reservation of `.internal`), and those of
 * Kubernetes. No page on the internet can have such a name, so none can be rebound to this sandbox.
 */
const PRIVATE_SUFFIX = /\.(?:internal|local|localhost|test|home\.arpa|svc)$/;

/** A name of letters, digits, `-`, `_` and dots, or an address, with an optional port. */
const AUTHORITY = /^(?:[a-z\d_-]+(?:\.[a-z\d_-]+)*\.?|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

export const isAuthority = (text: string): boolean => AUTHORITY.test(text) || isIP(text) !== 0;

/** The name in an authority: lower case, without port, brackets and trailing dot. */
export const hostNameOf = (authority: string): string => {
  const lower = authority.toLowerCase();
  if (isIP(lower) !== 0) return lower;
  return lower
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/(?<=.)\.$/, '');
};

const isLoopbackAddress = (name: string): boolean => {
  const family = isIP(name);
  return family !== 0 && loopback.check(name, family === 6 ? 'ipv6' : 'ipv4');
};

/** True for a name that resolves to this machine on every machine. */
export const isLoopbackName = (name: string): boolean =>
  name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name);

export const isHostAlias = (name: string): boolean => HOST_ALIASES.has(name);

/** True for a name without an owner in public DNS: an address, a single label such as a Compose service, a private suffix. */
export const isNetworkName = (name: string): boolean =>
  isIP(name) !== 0 || /^[a-z\d_-]+$/.test(name) || PRIVATE_SUFFIX.test(name);
