import { annotationKeys } from '@kubehero/contract';
import { HubConnection, inventory, readHub, telemetry, type RpcClient } from '@kubehero/rpc';
import { inClusterServer, kubeconfigServer, type ApiServer } from '@kubehero/kubernetes';
import { HttpServer, keepHeapSmall, Metrics, UserError, waitForAbort, type Logger } from '@kubehero/runtime';
import { Collector } from './collector.js';
import { exportStatistics } from './collector-metrics.js';
import type { NodeWatch } from './collector-options.js';
import type { CollectorSettings } from './config.js';
import { followTopology } from './hub/follow-topology.js';
import type { HubTask } from './hub/hub-task.js';
import { reportNode } from './hub/report-node.js';
import { readNodeFacts } from './node/node-facts.js';
import { openNodeWatch } from './pods/node-watch.js';
import { reportOver } from './uplink/report-stream.js';

/** Name and version that the hub sees. */
const emitter = 'kubehero-collector/0.1.0';
/** Not ready when so many seconds wait: the hub is away or refuses. */
const readyBufferedSeconds = 15;

/** Runs `kubehero collector` until the signal aborts, then delivers what is sealed. */
export async function runCollector(
  settings: CollectorSettings,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  if (settings.mode === 'off') {
    logger.info('collector mode is off: nothing is measured');
    await waitForAbort(signal);
    return;
  }
  const onNotice = (sentence: string): void => {
    logger.warn(sentence);
  };
  keepHeapSmall();
  readHub(settings);
  const kubernetes = await watchNode(settings, onNotice);
  const nodeUid = kubernetes?.nodeUid ?? readNodeFacts().nodeUid;
  const hub = new HubConnection({ address: settings, role: 'collector', name: nodeUid, onNotice });
  const collector = createCollector({ settings, mode: settings.mode, hub, kubernetes, onNotice });
  const tasks = createHubTasks({ hub, nodeUid, collector, kubernetes, onNotice });
  const http = createHttp(settings, logger, collector);
  try {
    await http.start();
    await hub.start(signal);
    await collector.start();
    for (const task of tasks) task.start();
    logger.info('collector runs', { node: nodeUid, source: collector.statistics().source, http: http.url });
    await waitForAbort(signal);
  } finally {
    await Promise.all([collector.stop(), ...tasks.map((task) => task.stop())]);
    await hub.stop();
    await http.stop();
    kubernetes?.stop();
  }
}

interface Parts {
  readonly settings: CollectorSettings;
  readonly mode: 'auto' | 'bpf' | 'cgroup';
  readonly hub: HubConnection;
  readonly kubernetes: NodeWatch | undefined;
  readonly onNotice: (sentence: string) => void;
}

function createCollector({ settings, mode, hub, kubernetes, onNotice }: Parts): Collector {
  const { dataDir, nodePrice, cgroupRoot, procRoot, bufferSeconds } = settings;
  return new Collector({
    mode,
    openReport: reportOver(() => hub.client(telemetry.TelemetryService).Report()),
    emitter,
    onNotice,
    bufferSeconds,
    procRoot,
    ...(dataDir !== undefined && { stateDir: dataDir }),
    ...(cgroupRoot !== undefined && { cgroupRoot }),
    ...(kubernetes !== undefined && { kubernetes }),
    ...(nodePrice !== undefined && { annotations: { [annotationKeys.pricePerHour]: nodePrice } }),
  });
}

/** What is asked of the hub beside the delivery of seconds. */
function createHubTasks(
  parts: Pick<Parts, 'hub' | 'kubernetes' | 'onNotice'> & { nodeUid: string; collector: Collector },
): readonly HubTask[] {
  const { hub, nodeUid, collector, kubernetes, onNotice } = parts;
  const client = (): RpcClient<inventory.InventoryServiceShape> => hub.client(inventory.InventoryService);
  return [
    followTopology({
      hub: client,
      nodeUid,
      onNotice,
      setTopology: (prefixes) => {
        collector.setTopology(prefixes);
      },
    }),
    reportNode({
      hub: client,
      nodeUid,
      onNotice,
      spec: () => collector.nodeSpec(),
      ...(kubernetes !== undefined && { network: kubernetes.nodeNetwork }),
    }),
  ];
}

function createHttp(settings: CollectorSettings, logger: Logger, collector: Collector): HttpServer {
  const metrics = new Metrics();
  metrics.collectProcess();
  exportStatistics(metrics, () => collector.statistics());
  return new HttpServer({
    listen: settings.http,
    logger,
    metrics,
    readiness: () => {
      const { bufferedSeconds, uplink } = collector.statistics();
      if (uplink?.connected !== true) return { ready: false, detail: 'not connected to the hub' };
      return bufferedSeconds < readyBufferedSeconds
        ? { ready: true }
        : { ready: false, detail: `${bufferedSeconds} seconds wait for the hub` };
    },
  });
}

/** On Kubernetes the pods of this node have names; a plain host has none to ask. */
async function watchNode(
  settings: CollectorSettings,
  onNotice: (sentence: string) => void,
): Promise<NodeWatch | undefined> {
  const { nodeName } = settings;
  if (nodeName === undefined) return undefined;
  return openNodeWatch({ server: await findApiServer(settings), nodeName, onNotice });
}

async function findApiServer(settings: CollectorSettings): Promise<ApiServer> {
  const { kubeconfig, kubernetesHost, kubernetesPort } = settings;
  if (kubeconfig !== undefined) return kubeconfigServer(kubeconfig);
  if (kubernetesHost !== undefined) return inClusterServer(kubernetesHost, kubernetesPort);
  throw new UserError(
    'NO_KUBERNETES',
    'a node name is given but no API to ask about its pods: run in a pod, or give --kubeconfig FILE',
  );
}
