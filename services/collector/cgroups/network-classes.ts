import { networkInterfaces } from 'node:os';
import { networkClasses, tryParseAddressPrefix, type AddressPrefix } from '@kubehero/domain';

/** A block of addresses of which the class is known. */
export interface ClassPrefix extends AddressPrefix {
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
  const prefix = tryParseAddressPrefix(cidr);
  if (prefix === undefined) {
    throw new PrefixError(`'${cidr}' is no address prefix: write it like 10.1.0.0/16 or fd00::/8`);
  }
  checkClass(networkClass, cidr);
  return { ...prefix, networkClass };
}

function checkClass(networkClass: number, cidr: string): void {
  if (!Object.values(networkClasses).some((known) => known === networkClass)) {
    throw new PrefixError(`class ${networkClass} of prefix '${cidr}' is none of 0 to 4`);
  }
}
