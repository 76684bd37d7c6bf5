import { ListWatch, type ApiError, type ApiServer } from '@kubehero/kubernetes';
import type { NodeNetwork, NodeWatch } from '../collector-options.js';
import type { NodeSpec } from '../uplink/messages.js';
import { PodCache } from './pod-cache.js';
import type { NodeObject, PodObject } from './pod-object.js';
import { countGpus, toNumber } from './to-pod-record.js';

/** What a node's watch needs. */
export interface NodeWatchOptions {
  readonly server: ApiServer;
  readonly nodeName: string;
  /** One sentence for the log. */
  readonly onNotice: (sentence: string) => void;
}

/** Annotations of a node that matter for cost. */
const annotationPrefix = 'kubehero.io/';

/**
 * Watches this node and its pods, nothing else. Resolves when both are known, however long the API takes; a failing
 * API is told once a minute at most.
 */
export async function openNodeWatch(options: NodeWatchOptions): Promise<NodeWatch> {
  const pods = new PodCache();
  const node = new NodeState();
  const onFailure = limitNotices(options.onNotice);
  const podWatch = new ListWatch<PodObject>({
    server: options.server,
    path: '/api/v1/pods',
    fieldSelector: `spec.nodeName=${options.nodeName}`,
    onList: (objects) => {
      pods.onList(objects);
    },
    onApply: (object) => {
      pods.onApply(object);
    },
    onDelete: (object) => {
      pods.onDelete(object);
    },
    onFailure,
  });
  const nodeWatch = new ListWatch<NodeObject>({
    server: options.server,
    path: '/api/v1/nodes',
    fieldSelector: `metadata.name=${options.nodeName}`,
    onList: (objects) => {
      for (const object of objects) node.take(object);
    },
    onApply: (object) => {
      node.take(object);
    },
    onDelete: () => undefined,
    onFailure,
  });
  const stop = (): void => {
    void podWatch.stop();
    void nodeWatch.stop();
  };
  try {
    await Promise.all([podWatch.start(), nodeWatch.start()]);
    return {
      pods,
      nodeUid: node.findUid(options.nodeName),
      nodeSpec: () => node.spec,
      nodeNetwork: () => node.network,
      stop,
    };
  } catch (error) {
    stop();
    throw error;
  }
}

/** The node's part of the spec: another object only when something in it changed, not with every heartbeat. */
class NodeState {
  spec: Partial<NodeSpec> = {};
  network: NodeNetwork = { podCidrs: [], addresses: [] };
  private text = '{}';
  private networkText = '';
  private uid: string | undefined;

  take(node: NodeObject): void {
    this.uid ??= node.metadata?.uid;
    this.takeNetwork(toNodeNetwork(node));
    const spec = toNodeSpec(node);
    const text = JSON.stringify(spec);
    if (text === this.text) return;
    this.text = text;
    this.spec = spec;
  }

  findUid(nodeName: string): string {
    if (this.uid === undefined) {
      throw new NodeMissingError(
        `the API has no node '${nodeName}': set KUBEHERO_NODE_NAME to spec.nodeName`,
      );
    }
    return this.uid;
  }

  private takeNetwork(network: NodeNetwork): void {
    const text = JSON.stringify(network);
    if (text === this.networkText) return;
    this.networkText = text;
    this.network = network;
  }
}

/** The API does not know the node that this program was told it runs on. */
export class NodeMissingError extends Error {
  override readonly name = 'NodeMissingError';
  readonly code = 'NODE_MISSING';
}

/** What the price and the allocation of a node are worked out from, as the API says it. */
export function toNodeSpec({ metadata = {}, spec = {}, status = {} }: NodeObject): Partial<NodeSpec> {
  const { name = '', labels = {}, annotations = {} } = metadata;
  const { capacity = {} } = status;
  const relevant = Object.entries(annotations).filter(([key]) => key.startsWith(annotationPrefix));
  const cpuCapacityMillicores = toNumber(capacity['cpu'], 3);
  const memoryCapacityBytes = toNumber(capacity['memory'], 0);
  return {
    name,
    providerId: spec.providerID ?? '',
    labels,
    annotations: Object.fromEntries(relevant),
    ...(cpuCapacityMillicores > 0 && { cpuCapacityMillicores }),
    ...(memoryCapacityBytes > 0 && { memoryCapacityBytes }),
    gpuCapacity: countGpus(capacity),
    gpuModel: labels['nvidia.com/gpu.product'] ?? labels['amd.com/gpu.product-name'] ?? '',
  };
}

function toNodeNetwork({ spec = {}, status = {} }: NodeObject): NodeNetwork {
  const addresses = (status.addresses ?? []).flatMap(({ type = '', address }) =>
    type.endsWith('IP') && address !== undefined ? [address] : [],
  );
  return { podCidrs: spec.podCIDRs ?? [], addresses };
}

function limitNotices(onNotice: (sentence: string) => void): (error: ApiError, retryInMs: number) => void {
  let lastAtMs = -Infinity;
  return (error, retryInMs) => {
    const nowMs = performance.now();
    if (nowMs - lastAtMs < 60_000) return;
    lastAtMs = nowMs;
    onNotice(`${error.message}; trying again in ${retryInMs / 1000} s`);
  };
}
