import type { ReactNode } from 'react';
import { Cost } from '../../money/components/money.js';
import { formatShare } from '../../money/model/money-format.js';
import { formatSpan } from '../../money/model/quantity-format.js';
import type { Clock } from '../../view/model/time-format.js';
import type { PolicyMessage } from '../model/budget-messages.js';
import { breaksAtS } from '../model/urgency.js';
import styles from './policy-facts.module.css';

/** What the figures are of. */
export interface PolicyFactsProps {
  readonly policy: PolicyMessage;
  readonly clock: Clock;
  readonly nowS: number;
}

/** Spend, what is left, where it leads, how fast, and until when. */
export function PolicyFacts({ policy, clock, nowS }: PolicyFactsProps): ReactNode {
  const { currency, forecast } = policy;
  const spend = BigInt(policy.spendPico);
  const ceiling = BigInt(policy.ceilingPico);
  const breaks = breaksAtS(policy);
  const at = (second: number): string => `${clock.dateTime(second)} ${clock.zoneName(second)}`;
  return (
    <dl className={styles.facts}>
      <Fact name="Spent" note={`${formatShare(spend, ceiling)} of the ceiling`}>
        <Cost pico={spend} currency={currency} />
      </Fact>
      {spend > ceiling ? (
        <Fact name="Over by" warn note="above the ceiling">
          <Cost pico={spend - ceiling} currency={currency} />
        </Fact>
      ) : (
        <Fact name="Remaining" note={<>of {<Cost pico={ceiling} currency={currency} />}</>}>
          <Cost pico={ceiling - spend} currency={currency} />
        </Fact>
      )}
      <Fact
        name="Forecast"
        warn={forecast !== null && BigInt(forecast.expectedPico) > ceiling}
        note={
          forecast === null ? (
            'the conditions say why'
          ) : (
            <>
              4 in 5: <Cost pico={BigInt(forecast.lowPico)} currency={currency} /> to{' '}
              <Cost pico={BigInt(forecast.highPico)} currency={currency} />
            </>
          )
        }
      >
        {forecast === null ? (
          'cannot be told'
        ) : (
          <Cost pico={BigInt(forecast.expectedPico)} currency={currency} />
        )}
      </Fact>
      <Fact
        name="Burn rate"
        warn={breaks !== undefined}
        note={breaks === undefined ? crossed(policy, at) : `crosses ${at(breaks)} at this rate`}
      >
        <Cost pico={BigInt(policy.burnPerHourPico)} currency={currency} /> /h
      </Fact>
      <Fact name="Period ends" note={at(policy.periodEndsAtS)}>
        {nowS > 0 && `in ${formatSpan(policy.periodEndsAtS - nowS)}`}
      </Fact>
      {policy.stillPaidPerHourPico !== null && (
        <Fact name="Still paid" note="nodes that still run for what is stopped">
          <Cost pico={BigInt(policy.stillPaidPerHourPico)} currency={currency} /> /h
        </Fact>
      )}
    </dl>
  );
}

function crossed({ exceededAtS }: PolicyMessage, at: (second: number) => string): string {
  return exceededAtS > 0 ? `ceiling crossed ${at(exceededAtS)}` : 'does not cross in this period';
}

interface FactProps {
  readonly name: string;
  readonly note: ReactNode;
  readonly warn?: boolean;
  readonly children: ReactNode;
}

function Fact({ name, note, warn, children }: FactProps): ReactNode {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd className={warn ? `${styles.figure} ${styles.warn}` : styles.figure}>{children}</dd>
      <dd className={styles.note}>{note}</dd>
    </div>
  );
}
