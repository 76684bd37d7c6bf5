import { dashboardEnvironment } from '@kubehero/contract';
import {
  admin,
  createConnectClient,
  EnrolledIdentity,
  fixedTls,
  readClientFile,
  RpcChannel,
  RpcError,
  type ClientFile,
  type TlsMaterial,
} from '@kubehero/rpc';
import { formatHostPort, UserError, type Logger } from '@kubehero/runtime';
import { readFile } from 'node:fs/promises';
import type { SimulateSettings } from './options.js';

/** How the simulator reaches the hub. */
export interface HubAccess {
  /** Name of the cluster that it reports as. */
  readonly cluster: string;
  /** Opens a channel to where the hub is now: a restarted embedded server may have another port. */
  readonly connect: () => Promise<RpcChannel>;
  /** Ends the renewal of the certificate. */
  readonly close: () => Promise<void>;
}

/** Name of an embedded server's cluster where its client file does not tell. */
const EMBEDDED_CLUSTER = 'local';
const ROTATION_GRACE_S = 3_600;
const EMITTER_NAME = 'simulator';

async function readAccessFile(settings: SimulateSettings): Promise<ClientFile> {
  if (settings.client !== undefined) return readClientFile(settings.client);
  const { server, token } = settings;
  if (server !== undefined && token !== undefined) return { server, token };
  throw new UserError(
    'NO_SERVER',
    `no server is named: give --client FILE, or ${dashboardEnvironment.server} and ${dashboardEnvironment.token}, or start 'kubehero up'`,
    { exitCode: 2 },
  );
}

async function readTarget(settings: SimulateSettings): Promise<string> {
  if (settings.grpc !== undefined) return formatHostPort(settings.grpc);
  const { grpc } = await readAccessFile(settings);
  if (grpc !== undefined) return grpc;
  throw new UserError('NO_SERVER', 'the gRPC port of the hub is unknown: give it with --grpc host:port', {
    exitCode: 2,
  });
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const text = `certificate file ${path} cannot be read: give the client file of a running server with --client`;
    throw new UserError('NO_CERTIFICATE', text, { cause: error });
  }
}

async function readEmbeddedCertificate(file: ClientFile): Promise<TlsMaterial | undefined> {
  const { caFile, clusterCertFile, clusterKeyFile } = file;
  if (caFile === undefined || clusterCertFile === undefined || clusterKeyFile === undefined) return undefined;
  const [caBundlePem, certificateChainPem, privateKeyPem] = await Promise.all(
    [caFile, clusterCertFile, clusterKeyFile].map(readPem),
  );
  return {
    caBundlePem: caBundlePem ?? '',
    certificateChainPem: certificateChainPem ?? '',
    privateKeyPem: privateKeyPem ?? '',
  };
}

/** Registers the cluster, or gets another certificate where it is registered already. */
async function requestCertificate(file: ClientFile, name: string): Promise<TlsMaterial> {
  const clusters = createConnectClient(file).client(admin.ClusterService);
  const issued = await clusters
    .AddCluster({ name, labels: { simulated: 'true' } })
    .catch((error: unknown) => {
      if (!(error instanceof RpcError) || error.code !== 'already_exists') throw error;
      return clusters.RotateCluster({ cluster: name, graceS: ROTATION_GRACE_S });
    });
  return {
    caBundlePem: issued.caBundlePem,
    certificateChainPem: issued.certificatePem,
    privateKeyPem: issued.privateKeyPem,
  };
}

async function findCertificate(file: ClientFile, name: string | undefined): Promise<TlsMaterial> {
  const embedded = await readEmbeddedCertificate(file);
  if (embedded !== undefined && (name === undefined || name === (file.cluster ?? EMBEDDED_CLUSTER)))
    return embedded;
  if (name !== undefined) return requestCertificate(file, name);
  const text = 'no cluster is given, and the client file names no certificate: give --cluster NAME';
  throw new UserError('NO_CLUSTER', text, { exitCode: 2 });
}

/** The time in which the hub must answer the first call. */
async function enrol(
  identity: EnrolledIdentity,
  settings: SimulateSettings,
  signal: AbortSignal,
): Promise<void> {
  const limit = new AbortController();
  const stop = (): void => {
    limit.abort();
  };
  const timer = setTimeout(stop, settings.giveUpAfterS * 1000);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await identity.start(limit.signal);
  } catch (error) {
    signal.throwIfAborted();
    const text = `no certificate was issued within ${settings.giveUpAfterS} s: is the control plane running? then give more time with --give-up-after`;
    throw new UserError('NOT_ENROLLED', text, { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Finds the hub, gets a short-lived certificate of the cluster and keeps it fresh.
 *
 * @throws UserError, ClientFileError or RpcError with one sentence for the person who called
 */
export async function openHubAccess(
  settings: SimulateSettings,
  context: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<HubAccess> {
  const file = await readAccessFile(settings);
  const clusterTls = fixedTls(await findCertificate(file, settings.cluster));
  const identity = new EnrolledIdentity({
    target: () => readTarget(settings),
    clusterTls,
    role: 'emitter',
    name: EMITTER_NAME,
    onFailure: (error, retryInMs) => {
      context.logger.info('no certificate yet', { error: String(error), retryInMs });
    },
  });
  await enrol(identity, settings, context.signal);
  return {
    cluster: settings.cluster ?? file.cluster ?? EMBEDDED_CLUSTER,
    connect: async () => new RpcChannel({ target: await readTarget(settings), tls: identity }),
    close: () => identity.stop(),
  };
}
