import { formatDecimal, tryParseDecimal } from '@kubehero/domain';

/** Reads fields of a sheet entry and gathers every fault with its path, so that all are reported together. */
export class FieldReader {
  constructor(
    private readonly path: string,
    private readonly value: Readonly<Record<string, unknown>>,
    private readonly faults: string[],
  ) {}

  fault(field: string, message: string): void {
    this.faults.push(`${this.path}.${field} ${message}`);
  }

  /** Every field must be one of these: a misspelt field would silently change a price. */
  only(known: readonly string[]): this {
    for (const field of Object.keys(this.value)) {
      if (!known.includes(field)) this.fault(field, `is not known (${known.join(', ')})`);
    }
    return this;
  }

  text(field: string): string | undefined {
    const value = this.value[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string' && value.length <= 512) return value;
    this.fault(field, 'must be a text of at most 512 characters');
    return undefined;
  }

  required(field: string): string {
    const value = this.text(field);
    if (value === undefined || value === '') this.fault(field, 'is missing');
    return value ?? '';
  }

  oneOf<T extends string>(field: string, allowed: readonly T[], otherwise: T): T {
    const value = this.text(field);
    if (value === undefined) return otherwise;
    const found = allowed.find((item) => item === value);
    if (found === undefined) this.fault(field, `'${value}' is none of ${allowed.join(', ')}`);
    return found ?? otherwise;
  }

  /** A plain decimal of zero or more; `min` and `max` are inclusive. */
  amount(field: string, bounds: { readonly min?: number; readonly max?: number } = {}): string | undefined {
    const value = this.text(field);
    if (value === undefined) return undefined;
    const amount = tryParseDecimal(value);
    const size = Number(value);
    if (
      amount === undefined ||
      amount.digits < 0n ||
      size < (bounds.min ?? 0) ||
      size > (bounds.max ?? 1e12)
    ) {
      const range = `${String(bounds.min ?? 0)} to ${String(bounds.max ?? 1e12)}`;
      this.fault(field, `'${value}' must be a decimal number from ${range}`);
      return undefined;
    }
    return formatDecimal(amount);
  }

  requiredAmount(field: string, bounds: { readonly min?: number; readonly max?: number } = {}): string {
    const value = this.value[field];
    if (value === undefined || value === null) this.fault(field, 'is missing');
    return this.amount(field, bounds) ?? '0';
  }

  instant(field: string): string | undefined {
    const value = this.text(field);
    if (value === undefined) return undefined;
    if (/^\d{4}-\d{2}-\d{2}/.test(value) && !Number.isNaN(Date.parse(value)))
      return new Date(value).toISOString();
    this.fault(field, `'${value}' must be a date such as 2026-11-22 or 2026-11-22T00:00:00Z`);
    return undefined;
  }

  /** A nested map of texts. */
  texts(field: string): Record<string, string> {
    const value = this.value[field];
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.fault(field, 'must be a map');
      return {};
    }
    const result: Record<string, string> = {};
    for (const [key, item] of Object.entries(value)) {
      if (typeof item === 'string') result[key] = item;
      else this.fault(`${field}.${key}`, 'must be a text');
    }
    return result;
  }

  /** A nested entry; undefined when it is not there. */
  nested(field: string): FieldReader | undefined {
    const value = this.value[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'object' && !Array.isArray(value)) {
      return new FieldReader(`${this.path}.${field}`, value as Record<string, unknown>, this.faults);
    }
    this.fault(field, 'must be a map');
    return undefined;
  }

  /** A list of entries; empty when it is not there. */
  list(field: string): readonly FieldReader[] {
    const value = this.value[field];
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.fault(field, 'must be a list');
      return [];
    }
    return value.map((item: unknown, index) => {
      const path = `${field}[${String(index)}]`;
      const map = typeof item === 'object' && item !== null && !Array.isArray(item);
      if (!map) this.fault(path, 'must be a map');
      return new FieldReader(path, map ? (item as Record<string, unknown>) : {}, this.faults);
    });
  }
}
