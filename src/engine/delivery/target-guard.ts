/**
 * Allowlist of delivery targets, against server-side request forgery. Addresses are checked at connection time, after
 * DNS resolution, so that rebinding a name does not bypass the check.
 *
 * Cloud metadata services are always blocked: anyone who can register a webhook could read the machine's credentials
 * from them. Loopback, private and container addresses are always allowed; public ones only on request.
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

const METADATA_IPV4 = [
  '169.254.169.254', // AWS, Azure, Google Cloud, Oracle, DigitalOcean, Hetzner, OpenStack
  '169.254.169.253', // AWS: DNS
  '169.254.170.2', // AWS: credentials of ECS tasks
  '169.254.170.23', // AWS: credentials of EKS pods
  '169.254.0.23', // Tencent Cloud
  '169.254.42.42', // Scaleway
  '100.100.100.200', // Alibaba Cloud
  '168.63.129.16', // Azure: the host's agent
  '192.0.0.192', // Oracle Cloud, classic
] as const;

const METADATA_IPV6 = [
  ['fd00:ec2::', 32], // AWS
  ['fd20:ce::254', 128], // Google Cloud
  ['fd00:42::42', 128], // Scaleway
  ['fe80::a9fe:a9fe', 128], // OpenStack
] as const;

/** Host names of metadata services, blocked before resolution: some resolve only inside their cloud. */
const METADATA_NAMES: ReadonlySet<string> = new Set([
  'metadata.google.internal',
  'metadata.goog',
  'metadata.tencentyun.com',
  'metadata.platformequinix.com',
  'instance-data',
  'instance-data.ec2.internal',
]);

/** An IPv4 address as the last two groups of an IPv6 address. */
const groupsOf = (ipv4: string): string => {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
};

const metadata = new BlockList();
for (const address of METADATA_IPV4) {
  // IPv4-mapped addresses (::ffff:0:0/96) are checked as IPv4 by BlockList itself.
  metadata.addAddress(address, 'ipv4');
  const groups = groupsOf(address);
  metadata.addAddress(`::${groups}`, 'ipv6'); // IPv4-compatible
  metadata.addAddress(`::ffff:0:${groups}`, 'ipv6'); // SIIT
  metadata.addAddress(`64:ff9b::${groups}`, 'ipv6'); // NAT64
  metadata.addAddress(`64:ff9b:1::${groups}`, 'ipv6'); // NAT64, local use
  metadata.addSubnet(`2002:${groups}::`, 48, 'ipv6'); // 6to4
}
for (const [network, prefix] of METADATA_IPV6) metadata.addSubnet(network, prefix, 'ipv6');

export type BlockReason = 'public' | 'metadata';

/** Thrown instead of connecting to a target that is not allowed. */
export class BlockedTargetError extends Error {
  readonly code = 'ERR_BLOCKED_TARGET';
  readonly address: string;
  readonly reason: BlockReason;
  constructor(address: string, reason: BlockReason) {
    super(`${address} is a ${reason} address`);
    this.address = address;
    this.reason = reason;
  }
}

/** Whether the list contains the address, ignoring its IPv6 zone. */
const holds = (list: BlockList, address: string): boolean => {
  const bare = address.split('%')[0] ?? address;
  const family = isIP(bare);
  return family !== 0 && list.check(bare, family === 6 ? 'ipv6' : 'ipv4');
};

const reasonAgainst = (address: string, allowPublic: boolean): BlockReason | null => {
  if (holds(metadata, address)) return 'metadata';
  return allowPublic || holds(near, address) ? null : 'public';
};

/**
 * Check the host of a URL before resolution. Required beside {@link guardedLookup}, because sockets do not call `lookup`
 * for an IP address.
 *
 * @param host a name or an address, without brackets
 * @returns null if it may be resolved and connected to
 */
export const checkTarget = (host: string, allowPublic: boolean): BlockedTargetError | null => {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (METADATA_NAMES.has(name)) return new BlockedTargetError(name, 'metadata');
  if (isIP(host) === 0) return null;
  const reason = reasonAgainst(host, allowPublic);
  return reason === null ? null : new BlockedTargetError(host, reason);
};

/** A `lookup` for sockets that fails with {@link BlockedTargetError} if any address of the name is not allowed. */
export const guardedLookup =
  (allowPublic: boolean): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, '', 0);
      for (const { address } of addresses) {
        const reason = reasonAgainst(address, allowPublic);
        if (reason !== null) return callback(new BlockedTargetError(address, reason), '', 0);
      }
      const [first] = addresses;
      if (options.all === true) return callback(null, addresses);
      return callback(null, first?.address ?? '', first?.family ?? 0);
    });
  };
