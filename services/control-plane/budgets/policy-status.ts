import { BudgetError, parsePolicySpec, phaseOf, type BudgetPolicySpec } from '@kubehero/domain';
import type { budget } from '@kubehero/rpc';
import type { BudgetEnforcementRow, BudgetPolicyRow, LabelledCluster } from '@kubehero/store-postgres';
import type { VerdictBody } from './verdict-message.js';

/** A verdict as people see it. */
export interface KnownVerdict {
  readonly clusterKey: number;
  readonly body: VerdictBody;
  readonly epoch: number;
  readonly version: number;
}

/** What statuses are made from. */
export interface StatusInput {
  readonly policy: BudgetPolicyRow;
  readonly verdicts: readonly KnownVerdict[];
  readonly enforcement: readonly BudgetEnforcementRow[];
  readonly clusters: readonly LabelledCluster[];
  readonly isConnected: (clusterKey: number) => boolean;
}

/** A policy as the hub knows it. */
export function toStatus(input: StatusInput): budget.PolicyStatusInput {
  const { policy, clusters } = input;
  const spec = tryParse(policy.specJson);
  const verdict = mostSpent(input.verdicts);
  const nameOf = (clusterKey: number): string => clusters.find(({ key }) => key === clusterKey)?.name ?? '';
  const reports = input.enforcement.map(({ clusterKey, report }) => ({
    clusterKey,
    enforcement: report as budget.Enforcement,
  }));
  const states = new Set(reports.map(({ enforcement }) => enforcement.state));
  return {
    verdict:
      verdict === undefined
        ? blank(policy)
        : { ...verdict.body, epoch: verdict.epoch, version: verdict.version },
    originCluster: nameOf(policy.clusterKey),
    armed: spec?.armed === true,
    hardStop: spec?.hardStop === true,
    dryRun: spec?.dryRun === true,
    phase: phaseOf({
      exceeded: verdict?.body.exceeded === true,
      warned: (verdict?.body.crossed ?? []).length > 0,
      stale: (verdict?.body.conditions ?? []).some(
        ({ type, status }) => type === 'Stale' && status === 'True',
      ),
      enforced: states.has('ENFORCEMENT_STATE_ENFORCED'),
      released: states.has('ENFORCEMENT_STATE_RELEASED'),
    }),
    clusters: reports.map(({ clusterKey, enforcement }) => ({
      cluster: nameOf(clusterKey),
      connected: input.isConnected(clusterKey),
      enforcement,
    })),
  };
}

/** Of `ceilingPer: Cluster`, the cluster that spent most of its ceiling. */
export function mostSpent(verdicts: readonly KnownVerdict[]): KnownVerdict | undefined {
  return verdicts.reduce<KnownVerdict | undefined>((most, one) => {
    if (most === undefined) return one;
    return BigInt(one.body.spendPicounits ?? 0) > BigInt(most.body.spendPicounits ?? 0) ? one : most;
  }, undefined);
}

function tryParse(specJson: string): BudgetPolicySpec | undefined {
  try {
    return parsePolicySpec(specJson);
  } catch (error) {
    if (error instanceof BudgetError) return undefined; // its verdict says so
    throw error;
  }
}

/** Nothing was judged yet. */
function blank({ uid, name, generation, specJson, armedBy }: BudgetPolicyRow): budget.VerdictInput {
  return {
    policyUid: uid,
    policyName: name,
    generation,
    specJson,
    armedBy,
    ceilingPicounits: '0',
    spendPicounits: '0',
    burnPerHourPicounits: '0',
    conditions: [
      { type: 'Accepted', status: 'Unknown', reason: 'Counting', message: 'what was spent is being read' },
    ],
  };
}
