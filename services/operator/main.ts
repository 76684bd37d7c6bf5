import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inClusterServer, kubeconfigServer, type ApiServer } from '@kubehero/kubernetes';
import { HubConnection, parseSpiffeId, readHub } from '@kubehero/rpc';
import { keepHeapSmall, releaseGarbage, UserError, waitForAbort, type Logger } from '@kubehero/runtime';
import type { OperatorSettings } from './config.js';
import { Operator } from './operator.js';
import { uninstall, type Uninstalled } from './uninstall.js';

/** What {@link runOperator} needs beside its settings. */
export interface RunOperatorOptions {
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Called once, when the cluster is listed, with the base URL of health and metrics. */
  readonly onReady?: (url: string) => void;
}

/** Runs `kubehero operator` until the signal aborts; what is in force stays so. */
export async function runOperator(settings: OperatorSettings, options: RunOperatorOptions): Promise<void> {
  const { logger, signal, onReady } = options;
  keepHeapSmall();
  readHub(settings);
  const operator = await makeOperator(settings, logger);
  try {
    await operator.start();
    logger.info('operator runs', { http: operator.url });
    if ((await Promise.race([operator.synced(), waitForAbort(signal)])) === true) {
      releaseGarbage();
      onReady?.(operator.url);
    }
    await waitForAbort(signal);
  } finally {
    await operator.stop();
  }
}

/** Runs `kubehero operator --uninstall`. @throws {ApiError} */
export async function runUninstall(
  settings: OperatorSettings,
  { logger, signal }: Pick<RunOperatorOptions, 'logger' | 'signal'>,
): Promise<Uninstalled> {
  const server = await findApiServer(settings);
  const { dataDir, podNamespace } = settings;
  return uninstall({ server, dataDir, neverTouch: [podNamespace], logger, signal });
}

async function makeOperator(settings: OperatorSettings, logger: Logger): Promise<Operator> {
  const { podName, podNamespace, leaseName, leaderElection, dataDir, http, cluster } = settings;
  const hub = new HubConnection({
    address: settings,
    role: 'operator',
    name: podName,
    onNotice: (sentence) => {
      logger.warn(sentence);
    },
  });
  return new Operator({
    server: await findApiServer(settings),
    hub,
    clusterId: readClusterId(settings.clusterCertFile),
    cluster: cluster ?? '',
    election: leaderElection === 'lease' ? { namespace: podNamespace, name: leaseName } : undefined,
    instance: podName,
    neverTouch: [podNamespace],
    dataDir,
    http,
    logger,
  });
}

/** The API server that the settings name. @throws {UserError} NO_KUBERNETES @throws {ApiError} UNREACHABLE */
export async function findApiServer(
  settings: Pick<OperatorSettings, 'kubeconfig' | 'context' | 'kubernetesHost' | 'kubernetesPort'>,
): Promise<ApiServer> {
  const { kubeconfig, context, kubernetesHost, kubernetesPort } = settings;
  if (kubeconfig !== undefined) return kubeconfigServer(kubeconfig, context);
  if (kubernetesHost !== undefined) return inClusterServer(kubernetesHost, kubernetesPort);
  throw new UserError(
    'NO_KUBERNETES',
    'no Kubernetes API to work on: run in a pod, or give --kubeconfig FILE',
    { exitCode: 2 },
  );
}

/** The cluster's identity in its certificate. @throws {UserError} BAD_CERTIFICATE */
export function readClusterId(certificateFile: string): string {
  try {
    const { subjectAltName = '' } = new X509Certificate(readFileSync(certificateFile));
    const uri = subjectAltName.split(', ').find((name) => name.startsWith('URI:'));
    const identity = uri === undefined ? undefined : parseSpiffeId(uri.slice('URI:'.length));
    if (identity !== undefined) return identity.clusterId;
  } catch (cause) {
    throw new UserError('BAD_CERTIFICATE', `could not read the certificate ${certificateFile}: mount it`, {
      cause,
    });
  }
  throw new UserError(
    'BAD_CERTIFICATE',
    `${certificateFile} is not the certificate of a cluster: get one with 'kubehero cluster add'`,
  );
}
