import { useId, type ReactNode } from 'react';
import styles from './segmented.module.css';

/** A choice of one out of a few. */
export interface SegmentedProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, label: string])[];
  readonly onChange: (value: T) => void;
}

/** A row of radio buttons: arrows move, as the browser has it. */
export function Segmented<T extends string>(props: SegmentedProps<T>): ReactNode {
  const name = useId();
  return (
    <fieldset className={styles.group}>
      <legend className="visually-hidden">{props.label}</legend>
      {props.options.map(([value, label]) => (
        <label key={value} className={styles.option}>
          <input
            className={styles.input}
            type="radio"
            name={name}
            value={value}
            checked={value === props.value}
            onChange={() => props.onChange(value)}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
