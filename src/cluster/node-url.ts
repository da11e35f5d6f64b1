/**
 * The address at which other nodes reach this one, unless it is configured.
 *
 * @module
 */
import { networkInterfaces } from 'node:os';

const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::';

/** The machine's first address in its network; null if it has none. */
const networkAddress = (): string | null => {
  const addresses = Object.values(networkInterfaces())
    .flatMap((some) => some ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  const [first] = [
    ...addresses.filter(({ family }) => family === 'IPv4'),
    ...addresses.filter(({ family }) => family === 'IPv6'),
  ];
  if (first === undefined) return null;
  return first.family === 'IPv6' ? `[${first.address}]` : first.address;
};

/**
 * @param host that the server is bound to
 * @param url for clients on this machine
 */
export const defaultNodeUrl = (host: string, url: string): string => {
  const address = isWildcard(host) ? networkAddress() : null;
  return address === null ? url : `http://${address}:${new URL(url).port}`;
};
