import type { inventory, RpcClient } from '@kubehero/rpc';
import type { TopologyPrefix } from '../cgroups/network-classes.js';
import { HubTask } from './hub-task.js';

/** What following the topology needs. */
export interface FollowTopologyOptions {
  /** The inventory of the hub; asked anew at every attempt. */
  readonly hub: () => Pick<RpcClient<inventory.InventoryServiceShape>, 'WatchTopology'>;
  readonly nodeUid: string;
  /** Takes the whole table; throwing keeps the one before. */
  readonly setTopology: (prefixes: readonly TopologyPrefix[]) => void;
  readonly onNotice: (sentence: string) => void;
  /** @default 1000 */
  readonly firstBackoffMs?: number;
}

/** The hub ends its streams when it stops or leads no more: whoever reads them comes back, not all at once. */
const reconnectMs = 1000;

/** Sets the network topology that the hub pushes. While the hub is away the last one stays. */
export function followTopology(options: FollowTopologyOptions): HubTask {
  const { hub, nodeUid, onNotice, firstBackoffMs } = options;
  return new HubTask({
    what: 'follow the network topology',
    onNotice,
    ...(firstBackoffMs !== undefined && { firstBackoffMs }),
    attempt: async (signal, progress) => {
      for await (const { prefixes } of hub().WatchTopology({ nodeUid }, { signal })) {
        progress();
        take(options, prefixes);
      }
      return reconnectMs * (0.5 + Math.random());
    },
  });
}

function take({ setTopology, onNotice }: FollowTopologyOptions, prefixes: readonly TopologyPrefix[]): void {
  try {
    setTopology(prefixes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    onNotice(`the network topology of the hub cannot be used, the one before stays: ${why}`);
  }
}
