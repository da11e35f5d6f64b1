/**
 * Which addresses a made-up event may go to. Checked when a connection is made, after the name is resolved, so that
 * a name which points elsewhere by then is caught too.
 *
 * @module
 */
import { lookup as resolve, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

const near = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 32], // connects to this machine
  ['127.0.0.0', 8], // loopback
  ['10.0.0.0', 8], // private, containers
  ['172.16.0.0', 12], // private, Docker's default
  ['192.168.0.0', 16], // private
  ['100.64.0.0', 10], // shared address space: container and VPN overlays
  ['198.18.0.0', 15], // benchmarking: desktop container runtimes
] as const) {
  near.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['fc00::', 7], // unique local
  ['fe80::', 10], // link local
] as const) {
  near.addSubnet(network, prefix, 'ipv6');
}

/** An attempt was not made because it would have left this machine's own networks. */
export class BlockedTargetError extends Error {
  readonly code = 'ERR_BLOCKED_TARGET';
  readonly address: string;
  constructor(address: string) {
    super(`${address} is a public address`);
    this.address = address;
  }
}

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Whether `address` is loopback, private or a container's. */
export const isNearAddress = (address: string): boolean => {
  const bare = (MAPPED_IPV4.exec(address)?.[1] ?? address).split('%')[0] ?? address;
  const family = isIP(bare);
  return family !== 0 && near.check(bare, family === 6 ? 'ipv6' : 'ipv4');
};

/** A `lookup` for sockets that refuses a name as soon as one of its addresses is public. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) return callback(error, '', 0);
    const foreign = addresses.find(({ address }) => !isNearAddress(address));
    if (foreign !== undefined) return callback(new BlockedTargetError(foreign.address), '', 0);
    const [first] = addresses;
    if (options.all === true) return callback(null, addresses);
    return callback(null, first?.address ?? '', first?.family ?? 0);
  });
};
