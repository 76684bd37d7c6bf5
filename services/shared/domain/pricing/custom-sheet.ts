import { add, divide, multiply, roundPrice, toDecimal, type Decimal } from './decimal.js';
import type { Discount } from './discount.js';

/** Which nodes an entry speaks of; all that is given must match. */
export interface NodeMatch {
  /** Node name; `*` stands for any characters. */
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly instanceType?: string;
  readonly region?: string;
  readonly provider?: string;
  readonly purchaseModel?: string;
  readonly os?: string;
}

/** A node price stated by a person. */
export interface SheetNode {
  readonly match: NodeMatch;
  /** Decimal text per hour. */
  readonly pricePerHour: string;
  /** How the price came about: `stated`, or the amortisation in words. */
  readonly basis: string;
  readonly validFrom?: string;
  readonly validTo?: string;
}

/** Prices per unit for machines that nothing else prices. */
export interface SheetUnits {
  readonly match: NodeMatch;
  readonly vcpuHour: string;
  readonly memoryGibHour: string;
  /** Per GPU and hour by model; `*` for any model. */
  readonly gpuHour: Readonly<Record<string, string>>;
  readonly validFrom?: string;
  readonly validTo?: string;
}

/** A person's own prices for nodes: the part of a custom price sheet that is not a plain price row. */
export interface CustomSheet {
  readonly kind: 'sheet';
  readonly name: string;
  readonly source: 'custom' | 'built-in';
  readonly currency: string;
  readonly version: string;
  readonly nodes: readonly SheetNode[];
  readonly units: readonly SheetUnits[];
  readonly discounts: readonly Discount[];
}

/** Bought hardware. Money as decimal text in the sheet's currency. */
export interface OwnedHardware {
  readonly purchasePrice: string;
  readonly lifeYears: string;
  readonly powerWatts?: string;
  readonly pricePerKwh?: string;
  /** Power usage effectiveness of the room, @default 1 */
  readonly pue?: string;
  /** Space, network, support: per month of 730 hours. */
  readonly monthlyCost?: string;
}

const HOURS_PER_YEAR = toDecimal('8760');
const HOURS_PER_MONTH = toDecimal('730');

/**
 * Price per hour of bought hardware: straight-line over its life (8760 h a year), plus power, plus monthly costs
 * (730 h a month), rounded to 12 digits after the point.
 */
export function amortisedPricePerHour(hardware: OwnedHardware): Decimal {
  const lifeHours = multiply(toDecimal(hardware.lifeYears), HOURS_PER_YEAR);
  const capital = divide(toDecimal(hardware.purchasePrice), lifeHours, 18);
  const watts = toDecimal(hardware.powerWatts ?? '0');
  const perKwh = multiply(toDecimal(hardware.pricePerKwh ?? '0'), toDecimal(hardware.pue ?? '1'));
  const power = multiply(divide(watts, toDecimal('1000'), 18), perKwh);
  const monthly = divide(toDecimal(hardware.monthlyCost ?? '0'), HOURS_PER_MONTH, 18);
  return roundPrice(add(add(capital, power), monthly));
}

/** What an entry is matched against. */
export interface MatchSubject {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly instanceType: string;
  readonly region: string;
  readonly provider: string;
  readonly purchaseModel: string;
  readonly os: string;
}

function globMatches(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  const last = parts[parts.length - 1] ?? '';
  if (parts.length === 1) return pattern === text;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
    return false;
  let position = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return position <= text.length - last.length;
}

/** True when all that `match` names fits; an empty match fits every node. */
export function matchesNode(match: NodeMatch, subject: MatchSubject): boolean {
  if (match.name !== undefined && !globMatches(match.name, subject.name)) return false;
  for (const field of ['instanceType', 'region', 'provider', 'purchaseModel', 'os'] as const) {
    const wanted = match[field];
    if (wanted !== undefined && wanted.toLowerCase() !== subject[field].toLowerCase()) return false;
  }
  return Object.entries(match.labels ?? {}).every(([key, value]) => subject.labels[key] === value);
}

/** True when `atMs` lies within the entry's validity (both ends inclusive). */
export function isInForce(
  entry: { readonly validFrom?: string; readonly validTo?: string },
  atMs: number,
): boolean {
  if (entry.validFrom !== undefined && Date.parse(entry.validFrom) > atMs) return false;
  return entry.validTo === undefined || atMs <= Date.parse(entry.validTo);
}
