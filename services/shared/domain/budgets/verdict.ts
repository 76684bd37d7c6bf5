import type { BudgetThreshold } from './policy-spec.js';

/** A share of the ceiling that was passed. */
export interface Crossing {
  readonly percent: number;
  readonly on: 'Spend' | 'Forecast';
}

/** What is remembered of a judgement. */
export interface Judgement {
  readonly generation: number;
  readonly periodStartsAtS: number;
  readonly exceeded: boolean;
  /** Epoch second, zero where it is not exceeded. */
  readonly exceededAtS: number;
  readonly crossed: readonly Crossing[];
}

/** What is judged. Money in picounits. */
export interface JudgeInput {
  readonly generation: number;
  readonly periodStartsAtS: number;
  readonly nowS: number;
  readonly ceiling: bigint;
  readonly spend: bigint;
  /** Undefined while it cannot be told. */
  readonly forecast: bigint | undefined;
  readonly thresholds: readonly BudgetThreshold[];
}

/** Warnings of a policy that names none. */
export const DEFAULT_THRESHOLDS: readonly BudgetThreshold[] = [
  { percent: 50, basis: 'Spend' },
  { percent: 80, basis: 'Spend' },
  { percent: 95, basis: 'Spend' },
  { percent: 100, basis: 'Forecast' },
];

/**
 * Judges spend. A ceiling is exceeded when the whole of it is spent, and stays so until the period ends or until the
 * policy changes so that its ceiling is above the spend: nothing that is learned later takes it back. What was observed is
 * a lower bound, so missing data never keeps a ceiling from being exceeded.
 */
export function judge(before: Judgement | undefined, input: JudgeInput): Judgement {
  const { generation, periodStartsAtS, spend, ceiling, nowS } = input;
  const samePeriod = before?.periodStartsAtS === periodStartsAtS ? before : undefined;
  const same = samePeriod?.generation === generation ? samePeriod : undefined;
  const exceeded = spend >= ceiling || same?.exceeded === true;
  const since = samePeriod?.exceeded === true ? samePeriod.exceededAtS : nowS;
  return {
    generation,
    periodStartsAtS,
    exceeded,
    exceededAtS: exceeded ? since : 0,
    crossed: input.thresholds
      .map(({ percent, basis }) => ({ percent, on: basis ?? 'Spend' }))
      .filter((one) => isCrossed(one, input) || wasCrossed(one, same)),
  };
}

/** What is spent is the least that a period can come to: it passes a forecast's share whether or not one can be told. */
function isCrossed({ percent, on }: Crossing, { spend, forecast = spend, ceiling }: JudgeInput): boolean {
  const value = on === 'Spend' || forecast < spend ? spend : forecast;
  return value * 100n >= ceiling * BigInt(percent);
}

/** Spend does not go back; a forecast does. */
function wasCrossed({ percent, on }: Crossing, same: Judgement | undefined): boolean {
  return on === 'Spend' && same?.crossed.some((one) => one.on === on && one.percent === percent) === true;
}

/** Phases of a policy. */
export type BudgetPhase = 'Tracking' | 'Warning' | 'Exceeded' | 'Enforced' | 'Released' | 'Stale';

/** Where a policy stands, from what the hub knows and what clusters report. */
export function phaseOf(known: {
  readonly exceeded: boolean;
  readonly warned: boolean;
  readonly stale: boolean;
  readonly enforced: boolean;
  readonly released: boolean;
}): BudgetPhase {
  if (known.enforced) return 'Enforced';
  if (known.exceeded) return 'Exceeded';
  if (known.stale) return 'Stale';
  if (known.warned) return 'Warning';
  return known.released ? 'Released' : 'Tracking';
}
