import { isIP, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Values of kubehero.telemetry.v1.NetworkClass. */
export const networkClasses = { unknown: 0, sameNode: 1, sameZone: 2, crossZone: 3, internet: 4 } as const;

/** A block of addresses of which the class is known. */
export interface ClassPrefix {
  /** 4 bytes (IPv4) or 16 (IPv6), in network order. */
  readonly address: Uint8Array;
  /** Length of the prefix in bits. */
  readonly bits: number;
  /** A value of {@link networkClasses}. */
  readonly networkClass: number;
}

/** A prefix as the hub pushes it. */
export interface TopologyPrefix {
  /** "10.1.0.0/16", "fd00::/8" or a bare address. */
  readonly cidr: string;
  readonly networkClass: number;
}

/** A prefix that is none. */
export class PrefixError extends Error {
  override readonly name = 'PrefixError';
  readonly code = 'BAD_PREFIX';
}

/**
 * Classes that are known without a topology: everything public is the internet, the blocks that are not routed there
 * (RFC 1918, 6598, 3927, 4193, 4291, multicast) cannot be told.
 */
const knownFromTheStart: readonly TopologyPrefix[] = [
  { cidr: '0.0.0.0/0', networkClass: networkClasses.internet },
  { cidr: '::/0', networkClass: networkClasses.internet },
  ...[
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10',
    '169.254.0.0/16',
    '224.0.0.0/3',
    'fc00::/7',
    'fe80::/10',
    'ff00::/8',
  ].map((cidr) => ({ cidr, networkClass: networkClasses.unknown })),
  { cidr: '127.0.0.0/8', networkClass: networkClasses.sameNode },
  { cidr: '::1/128', networkClass: networkClasses.sameNode },
];

/**
 * All prefixes to load: what is known from the start, then the topology, then this machine's own addresses, which are
 * on the same node whatever the topology says of their block.
 *
 * @throws {PrefixError} BAD_PREFIX
 */
export function buildPrefixes(topology: readonly TopologyPrefix[], own = readOwnAddresses()): ClassPrefix[] {
  return [
    ...knownFromTheStart,
    ...topology,
    ...own.map((cidr) => ({ cidr, networkClass: networkClasses.sameNode })),
  ].map(parsePrefix);
}

/** Addresses of this machine's interfaces. */
export function readOwnAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map((entry) => entry.address.replace(/%.*$/, '')),
  );
}

/**
 * Parses "address/bits" or a bare address; bits beyond the prefix are cleared.
 *
 * @throws {PrefixError} BAD_PREFIX
 */
export function parsePrefix({ cidr, networkClass }: TopologyPrefix): ClassPrefix {
  const [address = '', bitsText, rest] = cidr.split('/');
  const family = isIP(address);
  const width = family === 6 ? 128 : 32;
  const bits = bitsText === undefined ? width : Number(bitsText);
  if (
    family === 0 ||
    !Number.isInteger(bits) ||
    bits < 0 ||
    bits > width ||
    bitsText === '' ||
    rest !== undefined
  ) {
    throw new PrefixError(`'${cidr}' is no address prefix: write it like 10.1.0.0/16 or fd00::/8`);
  }
  checkClass(networkClass, cidr);
  const bytes = family === 4 ? parseIPv4(address) : parseIPv6(address);
  return { address: clearBeyond(bytes, bits), bits, networkClass };
}

function checkClass(networkClass: number, cidr: string): void {
  if (!Object.values(networkClasses).some((known) => known === networkClass)) {
    throw new PrefixError(`class ${networkClass} of prefix '${cidr}' is none of 0 to 4`);
  }
}

function parseIPv4(text: string): Uint8Array {
  return Uint8Array.from(text.split('.').map(Number));
}

function parseIPv6(text: string): Uint8Array {
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] =>
    part === ''
      ? []
      : part.split(':').flatMap((group) => (isIPv4(group) ? pairs(group) : [parseInt(group, 16)]));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0);
  const all = [...front, ...zeros, ...back];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}

function pairs(ipv4: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = parseIPv4(ipv4);
  return [a * 256 + b, c * 256 + d];
}

function clearBeyond(bytes: Uint8Array, bits: number): Uint8Array {
  return bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    return byte & (0xff << (8 - kept));
  });
}
