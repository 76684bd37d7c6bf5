import { createHash } from 'node:crypto';
import {
  BudgetError,
  canonicalJson,
  parseCeiling,
  type BudgetPolicySpec,
  type JsonValue,
} from '@kubehero/domain';
import type { budget } from '@kubehero/rpc';
import type { PolicyStatus } from './budget-policy.js';

/** What the hub knows of a policy's spend; what stands in the object survives a restart, the rest does not. */
export interface Verdict {
  readonly epoch: bigint;
  readonly version: bigint;
  readonly generation: number;
  readonly originClusterId: string;
  /** What was asked; see {@link questionOf}. */
  readonly question: string;
  readonly currency: string;
  /** Picounits. */
  readonly ceiling: bigint;
  readonly spend: bigint;
  /** Epoch seconds, the period half open. */
  readonly periodStartsAtS: number;
  readonly periodEndsAtS: number;
  readonly spentThroughS: number;
  readonly exceeded: boolean;
  readonly exceededAtS: number;
  readonly crossed: readonly { readonly percent: number; readonly on: string }[];
  /** Only from the hub itself; undefined after a restart. */
  readonly live?: LiveFigures;
}

/** What is not kept in the object. */
export interface LiveFigures {
  readonly policyName: string;
  readonly specJson: string;
  readonly armedBy: string;
  readonly burnPerHour: bigint;
  readonly forecast: bigint | undefined;
  readonly stillPaidPerHour: bigint | undefined;
  readonly conditions: readonly budget.Condition[];
  /** Monotonic milliseconds of its arrival. */
  readonly arrivedAt: number;
}

/** Amount, currency and period of a ceiling such as `$500000/mo`; undefined where it is none, or none that can be kept. */
export function readCeiling(text: string): { amount: bigint; currency: string; period: string } | undefined {
  const named = /^[A-Z]{3}/.exec(text.trim())?.[0] ?? 'USD';
  try {
    const { picounits, currency, period } = parseCeiling(text, named);
    return { amount: picounits, currency, period };
  } catch (error) {
    if (error instanceof BudgetError) return undefined;
    throw error;
  }
}

/**
 * What a verdict answers: everything of a spec that decides what is counted. Two specs with the same question have the
 * same spend; only their ceilings and what they do about them may differ.
 *
 * @returns 16 hexadecimal digits
 */
export function questionOf(spec: BudgetPolicySpec): string {
  const ceiling = readCeiling(spec.ceiling);
  const asked = [
    spec.scope,
    spec.ceilingPer ?? 'All',
    spec.timeZone ?? 'UTC',
    spec.includeIdle === true,
    ceiling?.currency ?? '',
    ceiling?.period ?? '',
  ];
  return createHash('sha256').update(toCanonical(asked)).digest('hex').slice(0, 16);
}

/** Text that is the same for the same value, whatever the order in which a server writes fields. */
export function toCanonical(value: unknown): string {
  return canonicalJson(JSON.parse(JSON.stringify(value)) as JsonValue);
}

/** Positive where `left` is the newer one. */
export function compareVerdicts(
  left: Pick<Verdict, 'epoch' | 'version'>,
  right: Pick<Verdict, 'epoch' | 'version'>,
): number {
  if (left.epoch !== right.epoch) return left.epoch > right.epoch ? 1 : -1;
  if (left.version !== right.version) return left.version > right.version ? 1 : -1;
  return 0;
}

/** A verdict as the hub sent it. @throws SyntaxError where its spec is no JSON or an amount no integer */
export function toVerdict(message: budget.Verdict, arrivedAt: number): Verdict {
  return {
    epoch: BigInt(message.epoch),
    version: BigInt(message.version),
    generation: Number(message.generation),
    originClusterId: message.originClusterId,
    question: questionOf(JSON.parse(message.specJson) as BudgetPolicySpec),
    currency: message.currency,
    ceiling: toAmount(message.ceilingPicounits),
    spend: toAmount(message.spendPicounits),
    periodStartsAtS: Number(message.periodStartsAtS),
    periodEndsAtS: Number(message.periodEndsAtS),
    spentThroughS: Number(message.spentThroughS),
    exceeded: message.exceeded,
    exceededAtS: Number(message.exceededAtS),
    crossed: message.crossed.map(({ percent, on }) => ({ percent, on })),
    live: {
      policyName: message.policyName,
      specJson: message.specJson,
      armedBy: message.armedBy,
      burnPerHour: toAmount(message.burnPerHourPicounits),
      forecast: message.forecast === null ? undefined : toAmount(message.forecast.expectedPicounits),
      stillPaidPerHour:
        message.stillPaidPerHourPicounits === '' ? undefined : toAmount(message.stillPaidPerHourPicounits),
      conditions: message.conditions,
      arrivedAt,
    },
  };
}

function toAmount(digits: string): bigint {
  return digits === '' ? 0n : BigInt(digits);
}

/** The fields of `status` that carry a verdict over a restart. */
export function storeVerdict(verdict: Verdict): Pick<PolicyStatus, 'verdict' | 'period' | 'currency'> {
  return {
    currency: verdict.currency,
    period: { startsAt: toInstant(verdict.periodStartsAtS), endsAt: toInstant(verdict.periodEndsAtS) },
    verdict: {
      epoch: String(verdict.epoch),
      version: String(verdict.version),
      generation: verdict.generation,
      originClusterId: verdict.originClusterId,
      question: verdict.question,
      ceiling: String(verdict.ceiling),
      spend: String(verdict.spend),
      spentThrough: toInstant(verdict.spentThroughS),
      exceeded: verdict.exceeded,
      ...(verdict.exceededAtS > 0 ? { exceededAt: toInstant(verdict.exceededAtS) } : {}),
      ...(verdict.crossed.length > 0 ? { crossed: verdict.crossed } : {}),
    },
  };
}

/** The verdict that a status carries; undefined where there is none, or half of one. */
export function restoreVerdict({ verdict, period, currency }: PolicyStatus): Verdict | undefined {
  const { epoch, version, ceiling, spend } = verdict ?? {};
  const periodStartsAtS = toSeconds(period?.startsAt);
  const periodEndsAtS = toSeconds(period?.endsAt);
  if (epoch === undefined || version === undefined || ceiling === undefined || spend === undefined)
    return undefined;
  if (periodStartsAtS === 0 || periodEndsAtS === 0) return undefined;
  return {
    epoch: BigInt(epoch),
    version: BigInt(version),
    generation: verdict?.generation ?? 0,
    originClusterId: verdict?.originClusterId ?? '',
    question: verdict?.question ?? '',
    currency: currency ?? '',
    ceiling: BigInt(ceiling),
    spend: BigInt(spend),
    periodStartsAtS,
    periodEndsAtS,
    spentThroughS: toSeconds(verdict?.spentThrough),
    exceeded: verdict?.exceeded === true,
    exceededAtS: toSeconds(verdict?.exceededAt),
    crossed: (verdict?.crossed ?? []).map(({ percent = 0, on = 'Spend' }) => ({ percent, on })),
  };
}

/** Epoch seconds as RFC 3339. */
export function toInstant(epochS: number): string {
  return `${new Date(epochS * 1000).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 as epoch seconds; 0 where there is none. */
export function toSeconds(instant: string | undefined): number {
  const ms = instant === undefined ? Number.NaN : Date.parse(instant);
  return Number.isFinite(ms) ? Math.floor(ms / 1000) : 0;
}
