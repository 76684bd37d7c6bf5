import { implement, inventory as rpc, requirePeer, RpcError, type CallContext } from '@kubehero/rpc';
import type { Logger } from '@kubehero/runtime';
import type { Database, Kysely } from '@kubehero/store-postgres';
import type { Capability } from '../capability.js';
import type { InventoryDirectory } from './inventory-directory.js';
import { Inventory } from './inventory.js';
import { ReportCall } from './report-call.js';
import { TopologyBoard } from './topology-board.js';

/** What the inventory works with. */
export interface InventoryCapabilityOptions {
  readonly db: Kysely<Database>;
  readonly logger: Logger;
  /** Epoch seconds. */
  readonly nowS: () => number;
  /** Key of a registered cluster, undefined where it is unknown or was removed. */
  readonly clusterKeyOf: (clusterId: string) => Promise<number | undefined>;
}

/** The inventory as a part of the control plane, with what it knows for the other parts. */
export interface InventoryCapability extends Capability {
  readonly directory: InventoryDirectory;
}

/** Takes what clusters hold from whoever sees it, and tells their nodes where addresses are. */
export function inventoryCapability(options: InventoryCapabilityOptions): InventoryCapability {
  const inventory = new Inventory(options);
  const board = new TopologyBoard({ directory: inventory.directory });
  const mayServe = (): void => {
    if (!inventory.isLeading) throw new RpcError('unavailable', 'this replica does not lead: connect again');
  };
  return {
    directory: inventory.directory,
    streams: [
      implement(rpc.InventoryService, {
        Report: async (stream, context) => {
          const { role, name } = requirePeer(context);
          const clusterKey = await findCluster(options, context);
          await new ReportCall(clusterKey, { role, name }, stream).serve(inventory);
        },
        WatchTopology: async function* ({ nodeUid }, context) {
          const clusterKey = await findCluster(options, context);
          yield* board.watch({ clusterKey, nodeUid }, mayServe, context.signal);
        },
      }),
    ],
    start: async () => {
      await inventory.start();
      board.start();
    },
    stop: async () => {
      board.stop();
      await inventory.stop();
    },
    leadership: {
      lead: (term) => inventory.lead(term),
      follow: async (reason) => {
        await inventory.follow(reason);
        board.wakeAll();
      },
    },
  };
}

/** The cluster is the certificate's, whatever the messages say. */
async function findCluster(
  { clusterKeyOf }: InventoryCapabilityOptions,
  context: CallContext,
): Promise<number> {
  const { clusterId } = requirePeer(context);
  const clusterKey = await clusterKeyOf(clusterId);
  if (clusterKey !== undefined) return clusterKey;
  throw new RpcError(
    'permission_denied',
    `cluster ${clusterId} is not registered: add it with 'kubehero cluster add'`,
  );
}
