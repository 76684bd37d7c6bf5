import type { IConstruct } from 'constructs';
import { isIPv4, isIPv6 } from 'node:net';

/** One thing that is wrong with the props of a construct: where, what, and the way out. */
export interface Fault {
  /** Dotted name of the prop, for example `backup.bucket`. */
  readonly prop: string;
  /** What is wrong, with the value given and the remedy; lower case, no full stop. */
  readonly message: string;
}

/** Codes of {@link ConstructsError}. */
export type ConstructsErrorCode = 'INVALID_PROPS' | 'UNKNOWN_IMAGE' | 'INVALID_LOCK' | 'NO_SUCH_OBJECT';

/** What the constructs throw when they cannot go on before synthesis; props are otherwise refused by `synth`, all at once. */
export class ConstructsError extends Error {
  /** @param code closed set, for callers to branch on. */
  constructor(
    readonly code: ConstructsErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ConstructsError';
  }
}

/** Collects faults while props are looked at; nothing is thrown until everything was looked at. */
export class Faults {
  readonly #found: Fault[] = [];

  /** Records a fault unless `holds`. Returns `holds`, so that later rules can depend on it. */
  check(holds: boolean, prop: string, message: string): boolean {
    if (!holds) this.#found.push({ prop, message });
    return holds;
  }

  /** A whole number between two bounds. */
  integer(prop: string, value: number | undefined, bounds: readonly [number, number]): void {
    if (value === undefined) return;
    const [low, high] = bounds;
    this.check(
      Number.isInteger(value) && value >= low && value <= high,
      prop,
      `must be a whole number from ${low} to ${high}, not ${String(value)}`,
    );
  }

  /** A DNS label (RFC 1123), as names of namespaces and Services must be. */
  dnsLabel(prop: string, value: string | undefined): void {
    if (value === undefined) return;
    this.check(
      typeof value === 'string' && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value),
      prop,
      `'${value}' is no DNS label: use at most 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit`,
    );
  }

  /** A DNS name (RFC 1123 subdomain), as hosts and most object names must be. */
  dnsName(prop: string, value: string | undefined): void {
    if (value === undefined) return;
    this.check(
      typeof value === 'string' &&
        value.length <= 253 &&
        /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(value),
      prop,
      `'${value}' is no DNS name: use lower-case letters, digits, '-' and '.', at most 253`,
    );
  }

  /** A DNS name that somebody resolves: each label has at most 63 characters (RFC 1035). */
  hostName(prop: string, value: string | undefined): void {
    this.dnsName(prop, value);
    if (typeof value !== 'string') return;
    const long = value.split('.').find((label) => label.length > 63);
    this.check(
      long === undefined,
      prop,
      `'${long ?? ''}' is longer than the 63 characters of a label: shorten it`,
    );
  }

  /** A {@link dnsName} that has no default. */
  requiredName(prop: string, value: string | undefined): void {
    if (this.check(value !== undefined && value !== '', prop, 'must be given')) this.dnsName(prop, value);
  }

  /** An address range such as `10.0.0.0/8` or `fd00::/8`. */
  cidr(prop: string, value: string): void {
    const bits = tryParseCidr(value);
    if (
      !this.check(
        bits !== undefined,
        prop,
        `'${value}' is no address range: write it as 10.0.0.0/8 or fd00::/8`,
      )
    )
      return;
    this.check(
      bits?.slice(Number(value.split('/')[1])).includes('1') === false,
      prop,
      `'${value}' has bits beyond its prefix: write the first address of the range`,
    );
  }

  /** Address ranges, of which there must be one: Kubernetes takes an empty list for every address that there is. */
  cidrs(prop: string, values: readonly string[] | undefined): void {
    if (values === undefined) return;
    const some = Array.isArray(values) && values.length > 0;
    if (this.check(some, prop, 'must be a list of at least one range: an empty one would mean everywhere'))
      for (const value of values) this.cidr(prop, value);
  }

  /** Ports, of which there must be one, as {@link cidrs}. */
  ports(prop: string, values: readonly number[] | undefined): void {
    if (values === undefined) return;
    const some = Array.isArray(values) && values.length > 0;
    if (this.check(some, prop, 'must be a list of at least one port: an empty one would mean all'))
      for (const value of values) this.integer(prop, value, [1, 65_535]);
  }

  /** Everything found so far, in the order of the checks. */
  get all(): readonly Fault[] {
    return [...this.#found];
  }
}

/** The address of a range in binary digits; undefined when the text is no range. */
function tryParseCidr(value: unknown): string | undefined {
  const [, address = '', length = ''] = /^([0-9a-fA-F.:]+)\/(0|[1-9]\d{0,2})$/.exec(String(value)) ?? [];
  const digits = isIPv4(address) ? digitsOfV4(address) : isIPv6(address) ? digitsOfV6(address) : undefined;
  return digits !== undefined && Number(length) <= digits.length ? digits : undefined;
}

function digitsOfV4(address: string): string {
  return address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
}

/** @param address without an IPv4 tail in the decimal form, which stands for more groups than it shows */
function digitsOfV6(address: string): string | undefined {
  if (address.includes('.')) return undefined;
  const [head = [], tail = []] = address
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...(address.includes('::') ? zeros : []), ...tail]
    .map((group) => parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
}

/** Makes `synth` refuse the construct with every fault, beside those of all other constructs of the app. */
export function refuseAtSynth(construct: IConstruct, faults: readonly Fault[]): void {
  construct.node.addValidation({ validate: () => faults.map((fault) => `${fault.prop}: ${fault.message}`) });
}
