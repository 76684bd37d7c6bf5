import { parsePicounits, PICOUNITS_PER_UNIT } from '../money/picounits.js';
import { BudgetError } from './budget-error.js';

/** Calendar hour, day, week (from Monday) and month. */
export type BudgetPeriod = 'h' | 'd' | 'w' | 'mo';

/** The most that may be spent in one period. */
export interface Ceiling {
  readonly picounits: bigint;
  /** ISO 4217 code. */
  readonly currency: string;
  readonly period: BudgetPeriod;
}

const CEILING = /^(\$|[A-Z]{3}) ?(-?)(\d{1,24}(?:\.\d{1,12})?)\/(h|d|w|mo)$/;
/** No cluster costs this much in a month; whoever writes it has slipped. */
const ABSURD_UNITS = 100_000_000_000n;

/**
 * Reads a ceiling such as `$500000/mo` or `EUR 12.50/h`; `$` is the US dollar.
 *
 * @param currency - what the hub reckons in; a ceiling in another one cannot be compared with spend
 * @throws BudgetError `BAD_CEILING`, `NOT_POSITIVE`, `ABSURD_CEILING` or `OTHER_CURRENCY`
 */
export function parseCeiling(text: string, currency: string): Ceiling {
  const match = CEILING.exec(text.trim());
  const [, unit = '', sign = '', amount = '', period = ''] = match ?? [];
  if (match === null) {
    throw new BudgetError(
      'BAD_CEILING',
      `'${text}' is no ceiling: give an amount and a period of h, d, w or mo, for example $500000/mo or ${currency} 12.50/h`,
    );
  }
  const own = unit === '$' ? 'USD' : unit;
  const picounits = parsePicounits(amount);
  if (sign === '-' || picounits === 0n) {
    throw new BudgetError(
      'NOT_POSITIVE',
      `a ceiling of '${text}' would stop everything at once: give an amount above zero`,
    );
  }
  if (picounits > ABSURD_UNITS * PICOUNITS_PER_UNIT) {
    throw new BudgetError(
      'ABSURD_CEILING',
      `a ceiling of '${text}' never stops anything: give at most ${ABSURD_UNITS} ${own}`,
    );
  }
  if (own !== currency) {
    throw new BudgetError(
      'OTHER_CURRENCY',
      `the ceiling '${text}' is in ${own} and this hub reckons in ${currency}: write it in ${currency}`,
    );
  }
  return { picounits, currency: own, period: period as BudgetPeriod };
}
