import type { ReactNode } from 'react';
import { exactDecimal, exactMoney, formatCost, formatRate, rateParts } from '../model/money-format.js';
import styles from './money.module.css';

/** What an amount is of. */
export interface MoneyProps {
  readonly pico: bigint;
  readonly currency: string;
}

/** A rate per second; every digit on hover, and in what is copied. */
export function Rate({ pico, currency }: MoneyProps): ReactNode {
  return (
    <data
      className="money"
      value={exactDecimal(pico)}
      data-exact=""
      title={`${exactMoney(pico, currency)} /s`}
    >
      {formatRate(pico, currency)}
    </data>
  );
}

/** A rate whose decimal points line up in a column. */
export function AlignedRate({ pico, currency }: MoneyProps): ReactNode {
  const parts = rateParts(pico, currency);
  return (
    <data
      className={`money ${styles.aligned}`}
      value={exactDecimal(pico)}
      data-exact=""
      title={`${exactMoney(pico, currency)} /s`}
    >
      <span className={styles.integer}>
        {parts.sign}
        {parts.symbol}
        {parts.integer}
      </span>
      <span className={styles.fraction}>{parts.fraction}</span>
    </data>
  );
}

/** An amount of money. */
export function Cost({ pico, currency }: MoneyProps): ReactNode {
  return (
    <data className="money" value={exactDecimal(pico)} data-exact="" title={exactMoney(pico, currency)}>
      {formatCost(pico, currency)}
    </data>
  );
}
