import { RpcError, type inventory, type RpcClient } from '@kubehero/rpc';
import { readOwnAddresses } from '../cgroups/network-classes.js';
import type { NodeNetwork } from '../collector-options.js';
import type { NodeSpec } from '../uplink/messages.js';
import { HubTask } from './hub-task.js';

/** What reporting a node needs. */
export interface ReportNodeOptions {
  /** The inventory of the hub; asked anew at every attempt. */
  readonly hub: () => Pick<RpcClient<inventory.InventoryServiceShape>, 'Report'>;
  readonly nodeUid: string;
  readonly spec: () => NodeSpec;
  /** Another object when something changed. @default the addresses of this machine */
  readonly network?: () => NodeNetwork;
  readonly onNotice: (sentence: string) => void;
  /** How often the node is looked at. @default 10000 */
  readonly lookMs?: number;
}

const defaultLookMs = 10_000;
/** Said again although nothing changed, in case that the hub lost it or the cluster was registered anew. */
const sayAgainMs = 3_600_000;
const timeoutMs = 30_000;

/**
 * Tells the inventory of the hub what is known without an operator: this node. Each time by a short call; an operator's
 * word wins at the hub.
 */
export function reportNode(options: ReportNodeOptions): HubTask {
  const { nodeUid, onNotice, lookMs = defaultLookMs } = options;
  const ownNetwork: NodeNetwork = { podCidrs: [], addresses: readOwnAddresses().filter(isReachable) };
  let said = '';
  let saidAtMs = -Infinity;
  return new HubTask({
    what: 'report this node to the inventory',
    onNotice,
    attempt: async (signal, progress) => {
      const node = toNode(nodeUid, options.spec(), options.network?.() ?? ownNetwork);
      const text = JSON.stringify(node);
      if (text === said && performance.now() - saidAtMs < sayAgainMs) return lookMs;
      await say(options, node, signal);
      progress();
      said = text;
      saidAtMs = performance.now();
      return lookMs;
    },
  });
}

async function say(
  { hub }: ReportNodeOptions,
  node: inventory.NodeInput,
  signal: AbortSignal,
): Promise<void> {
  const call = hub().Report({ signal, timeoutMs });
  await call.send({ sequence: 1, listingBegins: true, listingComplete: true, nodes: [node] });
  call.end();
  let stored = false;
  for await (const { throughSequence } of call.responses) stored = throughSequence === '1';
  if (!stored) throw new RpcError('unavailable', 'the hub ended the stream without a receipt');
}

function toNode(uid: string, spec: NodeSpec, { podCidrs, addresses }: NodeNetwork): inventory.NodeInput {
  const { name, providerId, labels, annotations } = spec;
  return { uid, name, providerId, labels, annotations, podCidrs, addresses };
}

/** Addresses that other machines can mean by it. */
function isReachable(address: string): boolean {
  return !/^(127\.|169\.254\.|::1$|fe80:)/i.test(address);
}
