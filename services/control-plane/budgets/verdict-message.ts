import { forecastSpend, type Judgement, type SpendForecast, type SpendPart } from '@kubehero/domain';
import type { budget } from '@kubehero/rpc';
import type { Statement, Subject } from './policy-plan.js';

/** A verdict as it is sent and stored, without its place in the order. */
export type VerdictBody = Omit<Required<budget.VerdictInput>, 'epoch' | 'version'>;

/** Figures of a subject, in picounits. */
export interface Figures {
  readonly spend: bigint;
  readonly burnPerHour: bigint;
  readonly forecast: SpendForecast | undefined;
}

const HOUR_S = 3600;
const LOOK_BACK_HOURS = 24;

/** What the parts of a subject come to. */
export function figuresOf(
  parts: readonly SpendPart[],
  known: { readonly throughS: number; readonly isStale: boolean },
): Figures {
  const spend = parts.reduce((sum, { cells }) => sum + cells.total, 0n);
  const [first] = parts;
  if (first === undefined) return { spend, burnPerHour: 0n, forecast: undefined };
  const { period } = first;
  const throughS = Math.min(Math.max(known.throughS, period.from), period.to - 1);
  const hourStart = period.from + Math.floor((throughS - period.from) / HOUR_S) * HOUR_S;
  const elapsed = throughS - hourStart;
  const at = (second: number): bigint =>
    parts.reduce((sum, { cells }) => {
      const cell = cells.cellAt(second);
      return sum + cell.cost + cell.idle;
    }, 0n);
  const current = at(hourStart);
  const burnPerHour = current + (at(hourStart - HOUR_S) * BigInt(HOUR_S - elapsed)) / BigInt(HOUR_S);
  if (known.isStale) return { spend, burnPerHour, forecast: undefined };
  const forecast = forecastSpend({
    spend,
    wholeHours: wholeHoursOf(parts, hourStart, at),
    current: { cost: current, seconds: elapsed },
    remainingS: period.to - throughS,
  });
  return { spend, burnPerHour, forecast };
}

/** Hours since the first one in which anything was stored: before that nobody watched. */
function wholeHoursOf(
  parts: readonly SpendPart[],
  hourStart: number,
  at: (second: number) => bigint,
): readonly bigint[] {
  const starts = Array.from(
    { length: LOOK_BACK_HOURS },
    (_, n) => hourStart - (LOOK_BACK_HOURS - n) * HOUR_S,
  );
  const first = starts.findIndex((start) => parts.some(({ cells }) => cells.cellAt(start).stamp > 0));
  // The first of them may have begun in the middle
  return first < 0 ? [] : starts.slice(first + 1).map(at);
}

/** What is said about a subject. */
export function toBody(
  subject: Subject,
  known: {
    readonly figures: Figures;
    readonly judgement: Judgement;
    readonly originClusterId: string;
    readonly throughS: number;
    readonly statements: readonly Statement[];
    readonly stillPaidPerHour: bigint | undefined;
  },
): VerdictBody {
  const { policy, period, ceiling } = subject;
  const { figures, judgement } = known;
  return {
    policyUid: policy.uid,
    policyName: policy.name,
    originClusterId: known.originClusterId,
    generation: policy.generation,
    specJson: policy.specJson,
    armedBy: policy.armedBy,
    periodStartsAtS: period.from,
    periodEndsAtS: period.to,
    spentThroughS: known.throughS,
    currency: ceiling.currency,
    ceilingPicounits: ceiling.picounits.toString(),
    spendPicounits: figures.spend.toString(),
    burnPerHourPicounits: figures.burnPerHour.toString(),
    forecast: figures.forecast && toForecast(figures.forecast),
    exceeded: judgement.exceeded,
    exceededAtS: judgement.exceededAtS,
    crossed: judgement.crossed.map((one) => ({ ...one })),
    conditions: known.statements.map((one) => ({ ...one })),
    stillPaidPerHourPicounits: known.stillPaidPerHour?.toString() ?? '',
  };
}

/**
 * What is said about a policy that cannot be judged. What was in force stays: its figures are repeated until their
 * period ends, only the conditions are new.
 */
export function toFaultBody(
  policy: Subject['policy'],
  statement: Statement,
  known: {
    readonly before: VerdictBody | undefined;
    readonly originClusterId: string;
    readonly nowS: number;
    readonly currency: string;
  },
): VerdictBody {
  const { before, nowS } = known;
  if (before !== undefined && Number(before.periodEndsAtS) > nowS) {
    return { ...before, armedBy: policy.armedBy, conditions: [{ ...statement }] };
  }
  return {
    policyUid: policy.uid,
    policyName: policy.name,
    originClusterId: known.originClusterId,
    generation: policy.generation,
    specJson: policy.specJson,
    armedBy: policy.armedBy,
    periodStartsAtS: nowS,
    periodEndsAtS: nowS,
    spentThroughS: nowS,
    currency: known.currency,
    ceilingPicounits: '0',
    spendPicounits: '0',
    burnPerHourPicounits: '0',
    forecast: undefined,
    exceeded: false,
    exceededAtS: 0,
    crossed: [],
    conditions: [{ ...statement }],
    stillPaidPerHourPicounits: '',
  };
}

/** Figures: they alone may wait. */
const FIGURES: ReadonlySet<string> = new Set([
  'spendPicounits',
  'burnPerHourPicounits',
  'forecast',
  'spentThroughS',
  'stillPaidPerHourPicounits',
] satisfies (keyof VerdictBody)[]);

/** True where more than figures differs: that must reach a cluster at once. */
export function isNews(before: VerdictBody, after: VerdictBody): boolean {
  const known: Readonly<Record<string, unknown>> = { ...before };
  return Object.entries(after).some(([name, value]) => !FIGURES.has(name) && !isSame(known[name], value));
}

/** Of values and of lists of flat objects. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b || !Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((one, at) => isSameObject(one as object, b[at] as object));
}

function isSameObject(a: object, b: object): boolean {
  const known = new Map<string, unknown>(Object.entries(a));
  const entries = Object.entries(b);
  return known.size === entries.length && entries.every(([name, value]) => known.get(name) === value);
}

function toForecast({ expected, low, high, method }: SpendForecast): budget.ForecastInput {
  return {
    expectedPicounits: expected.toString(),
    lowPicounits: low.toString(),
    highPicounits: high.toString(),
    method,
  };
}
