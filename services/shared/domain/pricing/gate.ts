import { commitmentName } from './commitment-rate.js';
import { compare, divide, isPositive, toDecimal, tryParseDecimal, type Decimal } from './decimal.js';
import { priceKey, type PriceRow } from './price-row.js';

/** Limits of the plausibility gate: ratios of a new price to the last good one. */
export interface GateLimits {
  /** The median of a family may move by this factor up or down. */
  readonly medianFactor: string;
  /** A single price may move by this factor up or down. */
  readonly rowFactor: string;
  /** Share of a region's rows, or of a family's, that may vanish (0 to 1); only where files replace what was. */
  readonly lostShare: string;
}

/** Limits for list prices: a true cut of 30 % passes, a slipped decimal point does not. */
export const LIST_LIMITS: GateLimits = { medianFactor: '2', rowFactor: '4', lostShare: '0.25' };

/** Limits for spot prices, which move by themselves. */
export const SPOT_LIMITS: GateLimits = { medianFactor: '5', rowFactor: '20', lostShare: '0.5' };

/** What the gate found about one region and family. */
export interface GateVerdict {
  readonly region: string;
  readonly family: string;
  readonly purchaseModel: string;
  readonly quarantined: boolean;
  /** A person let it through. */
  readonly accepted: boolean;
  readonly reasons: readonly string[];
}

/** What goes live, and why the rest does not. */
export interface GateResult {
  /** New rows that may go live. */
  readonly passed: readonly PriceRow[];
  /** Last good rows that stay although the new files do not have them. */
  readonly kept: readonly PriceRow[];
  readonly verdicts: readonly GateVerdict[];
  readonly added: number;
  readonly changed: number;
  readonly lost: number;
  readonly quarantinedRows: number;
}

/** What a refresh is judged by. */
export interface GateOptions {
  /** `add`: the files say something about some rows. `replace`: they say all that there is. */
  readonly mode: 'add' | 'replace';
  /** `region/family`, `region`, or `all`: let through by a person. */
  readonly accept: readonly string[];
  /**
   * A reason against everything in this part, such as a publication that goes backwards. Files that say something
   * about some rows may be older where they speak of a family that nothing is known of.
   */
  readonly against?: string | undefined;
}

interface Group {
  readonly region: string;
  readonly family: string;
  readonly purchaseModel: string;
  /** Last good rows. */
  readonly old: PriceRow[];
  /** New rows. */
  readonly rows: PriceRow[];
}

/** What a group's rows are compared by; made for one group at a time, for a region has a hundred thousand rates. */
interface Compared {
  readonly before: ReadonlyMap<string, PriceRow>;
  readonly after: ReadonlyMap<string, PriceRow>;
}

/** Every way to commit counts by itself: one that slips must not hide behind the others. */
function* comparable(row: PriceRow): Generator<readonly [string, PriceRow]> {
  const key = priceKey(row);
  if (row.commitments === undefined) yield [key, row];
  for (const rate of row.commitments ?? []) {
    const from = rate.effectiveFrom === undefined ? {} : { effectiveFrom: rate.effectiveFrom };
    yield [`${key}|${commitmentName(rate)}`, { ...row, ...from, price: rate.price }];
  }
}

/** The newest row per key: what a comparison is made with. */
function newest(rows: Iterable<PriceRow>): Map<string, PriceRow> {
  const result = new Map<string, PriceRow>();
  for (const stored of rows) {
    for (const [key, row] of comparable(stored)) {
      const known = result.get(key);
      if (known === undefined || (known.effectiveFrom ?? '') <= (row.effectiveFrom ?? ''))
        result.set(key, row);
    }
  }
  return result;
}

function groupKey(row: PriceRow): string {
  return `${row.region}|${row.family}|${row.purchaseModel}`;
}

function groupsOf(before: Iterable<PriceRow>, after: readonly PriceRow[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  const groupOf = (row: PriceRow): Group => {
    const key = groupKey(row);
    const known = groups.get(key);
    if (known !== undefined) return known;
    const { region, family, purchaseModel } = row;
    const group: Group = { region, family, purchaseModel, old: [], rows: [] };
    groups.set(key, group);
    return group;
  };
  for (const row of before) groupOf(row).old.push(row);
  for (const row of after) groupOf(row).rows.push(row);
  return groups;
}

function comparedOf(group: Group): Compared {
  return { before: newest(group.old), after: newest(group.rows) };
}

const RATIO_SCALE = 12;

function ratioOf(before: PriceRow, after: PriceRow): Decimal | undefined {
  const old = tryParseDecimal(before.price);
  const fresh = tryParseDecimal(after.price);
  if (old === undefined || fresh === undefined || !isPositive(old)) return undefined;
  return divide(fresh, old, RATIO_SCALE);
}

function beyond(ratio: Decimal, factor: string): boolean {
  const limit = toDecimal(factor);
  return compare(ratio, limit) > 0 || compare(ratio, divide(toDecimal('1'), limit, RATIO_SCALE)) < 0;
}

function shown(ratio: Decimal): string {
  return `× ${Number(`${ratio.digits.toString()}e-${String(ratio.scale)}`).toPrecision(3)}`;
}

function pairReasons(pairs: readonly (readonly [PriceRow, PriceRow])[]): string[] {
  const currency = pairs.find(([old, fresh]) => old.currency !== fresh.currency);
  if (currency !== undefined)
    return [`currency changed from ${currency[0].currency} to ${currency[1].currency}`];
  const unit = pairs.find(([old, fresh]) => old.unit !== fresh.unit);
  return unit === undefined
    ? []
    : [`unit of ${unit[1].name} changed from ${unit[0].unit} to ${unit[1].unit}`];
}

function priceReasons(pairs: readonly (readonly [PriceRow, PriceRow])[], limits: GateLimits): string[] {
  const ratios: { ratio: Decimal; row: PriceRow }[] = [];
  for (const [old, fresh] of pairs) {
    const ratio = ratioOf(old, fresh);
    if (ratio !== undefined) ratios.push({ ratio, row: fresh });
  }
  ratios.sort((a, b) => compare(a.ratio, b.ratio));
  const reasons: string[] = [];
  const middle = ratios[Math.floor(ratios.length / 2)];
  if (middle !== undefined && beyond(middle.ratio, limits.medianFactor)) {
    reasons.push(`median price ${shown(middle.ratio)}, allowed is a factor of ${limits.medianFactor}`);
  }
  for (const extreme of [ratios[0], ratios[ratios.length - 1]]) {
    if (extreme === undefined || !beyond(extreme.ratio, limits.rowFactor)) continue;
    reasons.push(
      `price of ${extreme.row.name} ${shown(extreme.ratio)}, allowed is a factor of ${limits.rowFactor}`,
    );
  }
  return reasons;
}

function lostIn({ before, after }: Compared): number {
  let lost = 0;
  for (const key of before.keys()) if (!after.has(key)) lost += 1;
  return lost;
}

/** Of so few rows one more or less says nothing; that all are gone does, but for spot prices, which come and go. */
const SMALL_FAMILY = 2;

function lossReasons(compared: Compared, limits: GateLimits, regionShare: number): string[] {
  const lost = lostIn(compared);
  if (lost === 0) return [];
  const total = compared.before.size;
  const allowed = Number(limits.lostShare);
  if (regionShare > allowed) return [`${(regionShare * 100).toFixed(0)}% of the region's rows are gone`];
  const tells = total > SMALL_FAMILY ? lost / total > allowed : lost === total && limits !== SPOT_LIMITS;
  return tells ? [`${String(lost)} of ${String(total)} rows are gone`] : [];
}

function regionShares(groups: Iterable<Group>): Map<string, number> {
  const totals = new Map<string, { lost: number; total: number }>();
  for (const group of groups) {
    const key = `${group.region}|${group.purchaseModel}`;
    const sum = totals.get(key) ?? { lost: 0, total: 0 };
    const compared = comparedOf(group);
    totals.set(key, { lost: sum.lost + lostIn(compared), total: sum.total + compared.before.size });
  }
  return new Map([...totals].map(([key, { lost, total }]) => [key, total === 0 ? 0 : lost / total]));
}

function isAccepted(group: Group, accept: readonly string[]): boolean {
  const names = ['all', group.region, `${group.region}/${group.family}`].map((name) => name.toLowerCase());
  return accept.some((wanted) => names.includes(wanted.toLowerCase()));
}

function judge(group: Group, compared: Compared, options: GateOptions, regionShare: number): GateVerdict {
  const limits = group.purchaseModel === 'spot' ? SPOT_LIMITS : LIST_LIMITS;
  const pairs = [...compared.after].flatMap(([key, fresh]) => {
    const old = compared.before.get(key);
    return old === undefined ? [] : [[old, fresh] as const];
  });
  const reasons = pairReasons(pairs);
  const bad = group.rows.find(({ price }) => !isPositive(tryParseDecimal(price) ?? { digits: 0n, scale: 0 }));
  if (bad !== undefined) reasons.push(`price of ${bad.name} is ${bad.price}`);
  if (reasons.length === 0) reasons.push(...priceReasons(pairs, limits));
  if (options.mode === 'replace') reasons.push(...lossReasons(compared, limits, regionShare));
  const isNews = options.mode === 'add' && group.old.length === 0;
  if (options.against !== undefined && group.rows.length > 0 && !isNews) reasons.push(options.against);
  const accepted = isAccepted(group, options.accept);
  const { region, family, purchaseModel } = group;
  return { region, family, purchaseModel, quarantined: reasons.length > 0 && !accepted, accepted, reasons };
}

/**
 * Compares new rows of a part with the last good ones, family by family. A suspicious family does not go live and
 * its last good rows stay. Rows that were never there have nothing to be compared with and pass.
 */
export function judgeRefresh(
  before: Iterable<PriceRow>,
  after: readonly PriceRow[],
  options: GateOptions,
): GateResult {
  const old = [...before];
  const groups = groupsOf(old, after);
  const shares = options.mode === 'replace' ? regionShares(groups.values()) : new Map<string, number>();
  const verdicts: GateVerdict[] = [];
  const passed: PriceRow[] = [];
  const held = new Set<string>();
  const counts = { added: 0, changed: 0, lost: 0, quarantinedRows: 0 };
  for (const [key, group] of groups) {
    const compared = comparedOf(group);
    const verdict = judge(
      group,
      compared,
      options,
      shares.get(`${group.region}|${group.purchaseModel}`) ?? 0,
    );
    if (verdict.reasons.length > 0) verdicts.push(verdict);
    if (verdict.quarantined) {
      held.add(key);
      counts.quarantinedRows += group.rows.length;
      continue;
    }
    passed.push(...group.rows);
    count(compared, counts, options.mode);
  }
  const kept = old.filter((row) => options.mode === 'add' || held.has(groupKey(row)));
  return { passed, kept, verdicts, ...counts };
}

function count(
  compared: Compared,
  counts: { added: number; changed: number; lost: number },
  mode: GateOptions['mode'],
): void {
  for (const [key, row] of compared.after) {
    const old = compared.before.get(key);
    if (old === undefined) counts.added += 1;
    else if (old.price !== row.price || old.currency !== row.currency) counts.changed += 1;
  }
  if (mode === 'replace') counts.lost += lostIn(compared);
}
