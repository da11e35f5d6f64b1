/**
 * Host names: the normal form of what `Host`, `--host` and `--allowed-host` say, and which names belong to this machine.
 *
 * @module
 */
import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** How container runtimes call the host. Nobody can register a name under `.internal`. */
const HOST_ALIASES: ReadonlySet<string> = new Set([
  'host.docker.internal',
  'gateway.docker.internal',
  'host.containers.internal',
]);

/**
 * Suffixes that public DNS never answers for (RFC 6761, 6762, 8375 and ICANN's reservation of `.internal`), and
 * Kubernetes' own. A page from the internet cannot have such a name, so it cannot be rebound to this sandbox.
 */
const PRIVATE_SUFFIX = /\.(?:internal|local|localhost|test|home\.arpa|svc)$/;

/** A name of letters, digits, `-`, `_` and dots, or an address; with a port or without. */
const AUTHORITY = /^(?:[a-z\d_-]+(?:\.[a-z\d_-]+)*\.?|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

export const isAuthority = (text: string): boolean => AUTHORITY.test(text) || isIP(text) !== 0;

/** The name in an authority: lower case, without port, brackets and the root's dot. */
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

/** Names that resolve to this machine wherever they are resolved. */
export const isLoopbackName = (name: string): boolean =>
  name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name);

export const isHostAlias = (name: string): boolean => HOST_ALIASES.has(name);

/** Names without an owner in public DNS: addresses, single labels such as the service names of Compose, private suffixes. */
export const isNetworkName = (name: string): boolean =>
  isIP(name) !== 0 || /^[a-z\d_-]+$/.test(name) || PRIVATE_SUFFIX.test(name);
