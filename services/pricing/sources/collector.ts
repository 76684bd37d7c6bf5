import {
  commitmentName,
  compareDecimals,
  priceKey,
  toDecimal,
  type CommitmentRate,
  type CustomSheet,
  type MachineShape,
  type PriceRow,
} from '@kubehero/domain';
import { PricingError } from '../errors.js';

/** What a source said, in the terms of the catalogue. */
export interface ParsedSource {
  readonly items: readonly (PriceRow | MachineShape | CustomSheet)[];
  /** Version or publication date that the source states; empty when it states none. */
  readonly version: string;
  /** Publication instant as RFC 3339, when the source states one. */
  readonly publishedAt?: string;
  /** Publication instant of each document that states one, by the document's own name (an offer code). */
  readonly publications?: Readonly<Record<string, string>>;
  /** How many records were passed over, by reason. */
  readonly skipped: ReadonlyMap<string, number>;
  /** Things that a person should know; none of them stops the refresh. */
  readonly warnings: readonly string[];
}

const MAX_ROWS = 2_000_000;
const MAX_WARNINGS = 50;

function collectorKey(row: PriceRow): string {
  return `${priceKey(row)}|${row.effectiveFrom ?? ''}|${row.effectiveTo ?? ''}`;
}

/** Identity of a way to commit within a row. */
export function rateKey(rate: CommitmentRate): string {
  return `${commitmentName(rate)}|${rate.effectiveFrom ?? ''}|${rate.effectiveTo ?? ''}`;
}

/**
 * Gathers the rows of one refresh of one source. The same SKU twice at one price is one row; the same SKU at two
 * prices is a broken file; two SKUs that claim one key at two prices leave that key in conflict, which is unpriced.
 */
export class RowCollector {
  readonly #rows = new Map<string, PriceRow>();
  readonly #shapes = new Map<string, MachineShape>();
  readonly #sheets: CustomSheet[] = [];
  readonly skipped = new Map<string, number>();
  readonly warnings: string[] = [];

  constructor(private readonly source: string) {}

  get size(): number {
    return this.#rows.size + this.#shapes.size + this.#sheets.length;
  }

  /** Notes a record that is not taken. */
  skip(reason: string): void {
    this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1);
  }

  /** Notes something that a person should know; bounded. */
  warn(message: string): void {
    if (this.warnings.length < MAX_WARNINGS) this.warnings.push(message);
  }

  /** @throws PricingError DUPLICATE_SKU, TOO_LARGE */
  row(row: PriceRow, place: string): void {
    const key = collectorKey(row);
    const known = this.#rows.get(key);
    if (known === undefined) {
      if (this.#rows.size >= MAX_ROWS) {
        throw new PricingError(
          'TOO_LARGE',
          `${place}: more than ${String(MAX_ROWS)} prices: this is no price list`,
        );
      }
      this.#rows.set(key, row);
      return;
    }
    this.#again(key, known, row, place);
  }

  #again(key: string, known: PriceRow, row: PriceRow, place: string): void {
    if (known.price === row.price && known.currency === row.currency) return;
    if (known.sku === row.sku) {
      throw new PricingError(
        'DUPLICATE_SKU',
        `${this.source}: ${place}: SKU ${row.sku} is there twice with different prices ${known.price} ${known.currency} and ${row.price} ${row.currency}: fetch the file again`,
      );
    }
    const reason = `SKUs ${known.sku} (${known.price} ${known.currency}) and ${row.sku} (${row.price} ${row.currency}) both claim it`;
    if (known.conflict === undefined)
      this.warn(`${place}: ${row.name} in ${row.region} is left unpriced: ${reason}`);
    this.#rows.set(key, { ...known, conflict: reason });
  }

  /**
   * Adds a way to commit to the row that gathers them. The same way twice at one price is one; at two prices the
   * first stays and the row is in conflict, which nothing is priced by.
   *
   * @throws PricingError TOO_LARGE
   */
  commitment(row: PriceRow, rate: CommitmentRate, place: string): void {
    const key = collectorKey(row);
    const known = this.#rows.get(key);
    if (known === undefined) {
      this.row({ ...row, price: rate.price, commitments: [rate] }, place);
      return;
    }
    const rates = known.commitments ?? [];
    const same = rates.find((one) => rateKey(one) === rateKey(rate));
    if (same === undefined) {
      const lower = compareDecimals(toDecimal(rate.price), toDecimal(known.price)) < 0;
      const price = lower ? rate.price : known.price;
      this.#rows.set(key, { ...known, price, commitments: [...rates, rate] });
    } else if (same.price !== rate.price) {
      const conflict = `${commitmentName(rate)} is listed at ${same.price} and ${rate.price}`;
      this.warn(`${place}: ${row.name} in ${row.region}: ${conflict}`);
      this.#rows.set(key, { ...known, conflict });
    }
  }

  /** The row already gathered for the same key and start, if any. */
  known(row: PriceRow): PriceRow | undefined {
    return this.#rows.get(collectorKey(row));
  }

  /** Puts a row in place of what is known for its key and start. */
  replace(row: PriceRow): void {
    this.#rows.set(collectorKey(row), row);
  }

  shape(shape: MachineShape): void {
    this.#shapes.set(`${shape.provider}|${shape.name}`, shape);
  }

  sheet(sheet: CustomSheet): void {
    this.#sheets.push(sheet);
  }

  rows(): IterableIterator<PriceRow> {
    return this.#rows.values();
  }

  /** @throws PricingError NOTHING_USABLE when the files hold no record of the source at all */
  finish(
    name: string,
    version: Pick<ParsedSource, 'version' | 'publishedAt' | 'publications'>,
  ): ParsedSource {
    if (this.size === 0) {
      const reasons = [...this.skipped].map(([reason, count]) => `${String(count)} × ${reason}`).join(', ');
      if (reasons === '') {
        throw new PricingError(
          'NOTHING_USABLE',
          `${this.source}: ${name} holds no records of this source: check --source and the file`,
        );
      }
      this.warn(`${name} has no price that can be used (passed over: ${reasons})`);
    }
    return {
      items: [...this.#rows.values(), ...this.#shapes.values(), ...this.#sheets],
      ...version,
      skipped: this.skipped,
      warnings: this.warnings,
    };
  }
}
