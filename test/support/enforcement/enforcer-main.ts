import { kubeconfigServer } from '@kubehero/kubernetes';
import { AuditChain, Enforcer, World, type PolicyInForce, type Wanted } from '@kubehero/operator';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What an enforcing process is to do: read again before every pass. */
export interface Orders {
  /** Grows with every change. */
  readonly version: number;
  readonly policies: readonly { readonly policy: PolicyInForce; readonly wanted: Wanted }[];
}

/** What it says after every pass. */
export interface Report {
  readonly version: number;
  readonly states: Readonly<Record<string, string>>;
  /** UIDs for which something is held. */
  readonly held: readonly string[];
  readonly intents: number;
  readonly messages: readonly string[];
}

// The loop of an operator around the enforcer, for proofs that kill it at any moment.
// Usage: node enforcer-main.js KUBECONFIG DATA_DIR ORDERS REPORT; says "ready" when it begins to act.
const [kubeconfig = '', dir = '', ordersPath = '', reportPath = ''] = process.argv.slice(2);
const server = await kubeconfigServer(kubeconfig);
const audit = await AuditChain.open({ dir });
const world = new World({ server });
await world.start();
process.stdout.write('ready\n');
const enforcer = new Enforcer({ api: server, world, audit, now: Date.now, timeoutMs: 5000 });
const { signal } = new AbortController();
/** One pass over everything that is ordered, and over what is held for policies that are gone. */
async function pass({ policies }: Orders): Promise<Pick<Report, 'states' | 'messages'>> {
  const states: Record<string, string> = {};
  const messages: string[] = [];
  for (const { policy, wanted } of policies) {
    const { state, message } = await enforcer.reconcile(policy, wanted, signal);
    states[policy.uid] = state;
    if (message !== '') messages.push(message);
  }
  const isThere = (uid: string, name: string): boolean =>
    policies.some(({ policy }) => policy.uid === uid || policy.name === name);
  for (const [uid, name] of enforcer.heldPolicies()) {
    if (!isThere(uid, name)) await enforcer.release(uid, signal);
  }
  return { states, messages };
}

for (;;) {
  const orders = JSON.parse(readFileSync(ordersPath, 'utf8')) as Orders;
  const done = await pass(orders).catch((error: unknown) => ({ states: {}, messages: [String(error)] }));
  const held = [...enforcer.heldPolicies().keys()];
  const report: Report = { version: orders.version, ...done, held, intents: audit.intents().length };
  writeFileSync(`${reportPath}.partial`, JSON.stringify(report));
  renameSync(`${reportPath}.partial`, reportPath);
  await sleep(30);
}
