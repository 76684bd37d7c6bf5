import { budgetPolicyCrd } from '@kubehero/contract';
import { policiesPath, type PolicyStatus } from '@kubehero/operator';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { BudgetHub, type VerdictInput } from './budget-hub.js';
import { Applier, type ManifestObject } from './cluster/apply.js';
import { Cluster, type ClusterOptions } from './cluster/cluster.js';
import { established } from './cluster/installation.js';
import { clusterBinariesDir } from './cluster/requirement.js';
import { enforcementBinaries } from './enforcement/enforcement-rig.js';
import { operatorToken } from './enforcement/operator-account.js';
import { start, type Started } from './product.js';
import { waitUntil } from './wait-until.js';

/** A BudgetPolicy as the API server holds it. */
export interface StoredPolicy {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly generation: number;
    readonly finalizers?: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>> & { readonly armed?: boolean };
  readonly status?: PolicyStatus;
}

/** A started operator program. */
export interface StartedOperator extends Started {
  /** Base URL of health and metrics, once it is ready. */
  url(): string | undefined;
}

const clusterId = 'c0ffee00-0000-4000-8000-000000000001';
const day = 86_400;

/** A real cluster with nodes, the operator as a program with its own rights, and a hub that says what the test wants. */
export class OperatorRig {
  readonly operators: StartedOperator[] = [];
  readonly #applier: Applier;

  private constructor(
    readonly cluster: Cluster,
    readonly hub: BudgetHub,
    private readonly kubeconfig: string,
  ) {
    this.#applier = new Applier(cluster);
  }

  static async start(options: Partial<ClusterOptions> = {}): Promise<OperatorRig> {
    const cluster = await Cluster.start({
      binaries: clusterBinariesDir(...enforcementBinaries),
      kwokNodes: 2,
      auditLog: true,
      ...options,
    });
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const answer = await cluster.call({ method: 'POST', path, body: budgetPolicyCrd });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    await established(cluster);
    const kubeconfig = cluster.writeKubeconfig('operator.kubeconfig', await operatorToken(cluster));
    return new OperatorRig(cluster, await BudgetHub.start(cluster.dir, clusterId), kubeconfig);
  }

  async stop(): Promise<void> {
    for (const { child } of this.operators) child.kill('SIGKILL');
    await this.hub.goAway();
    await this.cluster.stop();
  }

  /** Starts an operator; several of them elect one. */
  operator(name: string, options: { readonly elects?: boolean } = {}): StartedOperator {
    const election = options.elects === true ? 'lease' : 'off';
    const started = this.#start(['--cluster', 'east', '--log-level', 'info'], {
      KUBEHERO_POD_NAME: name,
      KUBEHERO_OPERATOR_LEADER_ELECTION: election,
    });
    const operator: StartedOperator = {
      ...started,
      url: () => /"event":"ready","url":"([^"]+)"/.exec(started.output())?.[1],
    };
    this.operators.push(operator);
    return operator;
  }

  /** Starts what puts everything back. */
  uninstall(): Started {
    return this.#start(['--uninstall'], {});
  }

  #start(args: readonly string[], env: Readonly<Record<string, string>>): Started {
    const { caFile, certFile, keyFile } = this.hub.files;
    return start(['operator', '--kubeconfig', this.kubeconfig, ...args], {
      KUBEHERO_HUB_ENDPOINT: this.hub.address,
      KUBEHERO_HUB_CA_FILE: caFile,
      KUBEHERO_CLUSTER_CERT_FILE: certFile,
      KUBEHERO_CLUSTER_KEY_FILE: keyFile,
      KUBEHERO_HTTP_LISTEN: '127.0.0.1:0',
      KUBEHERO_POD_NAMESPACE: 'kubehero-system',
      KUBEHERO_DATA_DIR: mkdtempSync(join(this.cluster.dir, 'operator-')),
      ...env,
    });
  }

  /** Applies objects. @throws Error when the API server refuses one */
  async apply(...objects: readonly ManifestObject[]): Promise<void> {
    for (const object of objects) {
      const refusals = await this.#applier.apply(object, { dryRun: false });
      if (refusals.length > 0) throw new Error(JSON.stringify(refusals));
    }
  }

  /** Makes a namespace with its default account, so that pods can be made in it. */
  async namespace(name: string): Promise<void> {
    await this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    const path = `/api/v1/namespaces/${name}/serviceaccounts/default`;
    await waitUntil(`the account of ${name}`, async () => (await this.cluster.call({ path })).status === 200);
  }

  /** Writes a policy over a namespace. */
  async policy(name: string, spec: object): Promise<StoredPolicy> {
    await this.apply({
      apiVersion: 'kubehero.kubehero.io/v1',
      kind: 'BudgetPolicy',
      metadata: { name },
      spec: { ceiling: '$10/d', hardStop: true, ...spec },
    });
    return this.read(name);
  }

  /** Reads a policy. @throws Error where it is not there */
  async read(name: string): Promise<StoredPolicy> {
    const answer = await this.cluster.call({ path: `${policiesPath}/${name}` });
    if (answer.status !== 200) throw new Error(`${name}: ${JSON.stringify(answer.body)}`);
    return answer.body as unknown as StoredPolicy;
  }

  async exists(name: string): Promise<boolean> {
    return (await this.cluster.call({ path: `${policiesPath}/${name}` })).status === 200;
  }

  /** Merges into a policy. @throws Error where that is refused */
  async change(name: string, body: object): Promise<void> {
    const answer = await this.cluster.call({
      method: 'PATCH',
      path: `${policiesPath}/${name}`,
      contentType: 'application/merge-patch+json',
      body,
    });
    if (answer.status !== 200) throw new Error(`${name}: ${JSON.stringify(answer.body)}`);
  }

  async remove(name: string): Promise<void> {
    await this.cluster.call({ method: 'DELETE', path: `${policiesPath}/${name}` });
  }

  /** Lets the hub judge a policy as it is written now. */
  async judge(name: string, verdict: Partial<VerdictInput> = {}): Promise<void> {
    const policy = await this.read(name);
    const nowS = Math.floor(Date.now() / 1000);
    await this.hub.judge({
      policyUid: policy.metadata.uid,
      policyName: name,
      originClusterId: clusterId,
      generation: policy.metadata.generation,
      specJson: JSON.stringify(policy.spec),
      periodStartsAtS: nowS - (nowS % day),
      periodEndsAtS: nowS - (nowS % day) + day,
      ...verdict,
    });
  }

  /** Lets the hub find the ceiling of ten dollars crossed. */
  async exceed(name: string, verdict: Partial<VerdictInput> = {}): Promise<void> {
    await this.judge(name, {
      spendPicounits: '10500000000000',
      exceeded: true,
      exceededAtS: Math.floor(Date.now() / 1000),
      ...verdict,
    });
  }

  /** Waits until a policy is in a phase. */
  async untilPhase(name: string, phase: string, timeoutMs = 20_000): Promise<StoredPolicy> {
    let last: StoredPolicy | undefined;
    await waitUntil(
      `${name} is ${phase}`,
      async () => {
        last = await this.read(name);
        return last.status?.phase === phase;
      },
      timeoutMs,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(last?.status)}: ${this.#logs()}`);
    });
    return this.read(name);
  }

  /** `spec.replicas` of a Deployment. */
  async replicas(namespace: string, name: string): Promise<number> {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
    return ((await this.cluster.call({ path })).body['spec'] as { replicas: number }).replicas;
  }

  #logs(): string {
    return this.operators.map((each) => each.errors().slice(-4000)).join('\n--\n');
  }
}
