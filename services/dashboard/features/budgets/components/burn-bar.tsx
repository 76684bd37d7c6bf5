import type { ReactNode } from 'react';
import type { PolicyMessage } from '../model/budget-messages.js';
import { toBarScale } from '../model/scale.js';
import styles from './burn-bar.module.css';

/** Spend against the ceiling with the forecast's interval; the figures beside it say the same in words. */
export function BurnBar({ policy }: { readonly policy: PolicyMessage }): ReactNode {
  const { forecast } = policy;
  const spend = BigInt(policy.spendPico);
  const ceiling = BigInt(policy.ceilingPico);
  const scale = toBarScale({
    spend,
    ceiling,
    low: forecast === null ? undefined : BigInt(forecast.lowPico),
    high: forecast === null ? undefined : BigInt(forecast.highPico),
  });
  const over = spend > ceiling || policy.exceeded;
  return (
    <svg className={styles.bar} aria-hidden="true" width="100%" height="14">
      <rect className={styles.track} y="3" width="100%" height="8" rx="2" />
      {forecast !== null && (
        <rect
          className={styles.forecast}
          x={`${scale.low}%`}
          y="3"
          width={`${Math.max(0.4, scale.high - scale.low)}%`}
          height="8"
        />
      )}
      <rect className={over ? styles.over : styles.spend} y="3" width={`${scale.spend}%`} height="8" rx="2" />
      <line className={styles.ceiling} x1={`${scale.ceiling}%`} x2={`${scale.ceiling}%`} y1="0" y2="14" />
    </svg>
  );
}
