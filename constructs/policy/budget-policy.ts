import { budgetPolicyNames } from '@kubehero/contract';
import { Construct } from 'constructs';
import { homeFor } from '../core/charts.js';
import { type Fault, Faults, refuseAtSynth } from '../core/faults.js';
import { Part, waves } from '../core/manifest.js';
import { labelsOf } from '../core/pods.js';

/** Selects by labels. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    readonly values?: readonly string[];
  }[];
}

/** Input of {@link BudgetPolicy}. Arming is left out of Git on purpose: arm with the command or in the dashboard. */
export interface BudgetPolicyProps {
  readonly name: string;
  readonly scope: {
    readonly clusterSelector?: LabelSelector;
    readonly namespaceSelector?: LabelSelector;
    readonly namespaces?: readonly string[];
    readonly workloadSelector?: LabelSelector;
  };
  /** Such as `$500000/mo`; periods are h, d, w and mo. */
  readonly ceiling: string;
  /** @default 'All' */
  readonly ceilingPer?: 'All' | 'Cluster';
  /** @default false */
  readonly hardStop?: boolean;
  /** @default false */
  readonly dryRun?: boolean;
  /** IANA name. @default 'UTC' */
  readonly timeZone?: string;
}

/** A ceiling on what a scope of workloads may cost in a period. */
export class BudgetPolicy extends Construct {
  /** What is wrong with the props. */
  readonly faults: readonly Fault[];

  constructor(scope: Construct, id: string, props: BudgetPolicyProps) {
    super(scope, id);
    this.faults = budgetFaults(props);
    refuseAtSynth(this, this.faults);
    if (this.faults.length > 0) return;
    new BudgetPolicyPart(homeFor(this, 'policy'), 'Resource', props);
  }
}

class BudgetPolicyPart extends Part {
  constructor(scope: Construct, id: string, props: BudgetPolicyProps) {
    super(scope, id, { labels: labelsOf('kubehero') });
    const { name, scope: selects, ...spec } = props;
    this.emit(
      'BudgetPolicy',
      {
        apiVersion: `${budgetPolicyNames.group}/${budgetPolicyNames.version}`,
        kind: budgetPolicyNames.kind,
        metadata: { name },
        spec: { scope: selects, ...spec },
      },
      { wave: waves.monitoring },
    );
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function budgetFaults(props: BudgetPolicyProps): readonly Fault[] {
  const faults = new Faults();
  faults.dnsName('name', props.name);
  const parses = /^(\$|[A-Z]{3} ?)\d{1,12}(\.\d{1,6})?\/(h|d|w|mo)$/.test(props.ceiling);
  faults.check(
    parses,
    'ceiling',
    `'${props.ceiling}' does not parse: write $500000/mo, with /h, /d, /w or /mo`,
  );
  faults.check(
    !parses || /[1-9]/.test(props.ceiling),
    'ceiling',
    `'${props.ceiling}' would stop everything at once: give an amount above zero`,
  );
  const { clusterSelector, namespaceSelector, namespaces, workloadSelector } = props.scope;
  faults.check(
    Boolean(clusterSelector ?? namespaceSelector ?? workloadSelector) || (namespaces ?? []).length > 0,
    'scope',
    'is empty and covers nothing: give clusterSelector, namespaceSelector, namespaces or workloadSelector',
  );
  for (const namespace of namespaces ?? []) faults.dnsLabel('scope.namespaces', namespace);
  const { timeZone } = props;
  faults.check(
    timeZone === undefined || isTimeZone(timeZone),
    'timeZone',
    `'${timeZone}' is no zone of the IANA database: write Europe/Berlin`,
  );
  return faults.all;
}
