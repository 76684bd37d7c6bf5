import type { IConstruct } from 'constructs';

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
      /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value),
      prop,
      `'${value}' is no DNS label: use at most 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit`,
    );
  }

  /** A DNS name (RFC 1123 subdomain), as hosts and most object names must be. */
  dnsName(prop: string, value: string | undefined): void {
    if (value === undefined) return;
    this.check(
      value.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(value),
      prop,
      `'${value}' is no DNS name: use lower-case letters, digits, '-' and '.', at most 253`,
    );
  }

  /** An address range such as `10.0.0.0/8` or `fd00::/8`. */
  cidr(prop: string, value: string): void {
    this.check(isCidr(value), prop, `'${value}' is no address range: write it as 10.0.0.0/8 or fd00::/8`);
  }

  /** Everything found so far, in the order of the checks. */
  get all(): readonly Fault[] {
    return [...this.#found];
  }
}

function isCidr(value: string): boolean {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(value);
  if (v4) return v4.slice(1, 5).every((part) => Number(part) <= 255) && Number(v4[5]) <= 32;
  const v6 = /^([0-9a-f:]+)\/(\d{1,3})$/i.exec(value);
  return v6 !== null && (v6[1] ?? '').includes(':') && Number(v6[2]) <= 128;
}

/** Makes `synth` refuse the construct with every fault, beside those of all other constructs of the app. */
export function refuseAtSynth(construct: IConstruct, faults: readonly Fault[]): void {
  construct.node.addValidation({ validate: () => faults.map((fault) => `${fault.prop}: ${fault.message}`) });
}
