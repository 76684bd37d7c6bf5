import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { annotationKeys, dashboardEnvironment, environmentNames } from '@kubehero/contract';
import {
  ControlPlane,
  issueClusterCertificate,
  makeLoginToken,
  standardPrices,
} from '@kubehero/control-plane';
import {
  formatHostPort,
  sleep,
  toDiskError,
  UserError,
  type HostPort,
  type Logger,
  type SettingsOf,
} from '@kubehero/runtime';
import { addCluster, labelCluster, tryFindClusterByName } from '@kubehero/store-postgres';
import { randomUUID } from 'node:crypto';
import { ChildProgram } from './child-program.js';
import { DataFolder } from './data-folder.js';
import type { upSettings } from './settings.js';
import { nameOfContext, startOperator } from './operator-program.js';
import { openStores, type EmbeddedStores } from './stores.js';

/** Settings of `kubehero up`. */
export type UpSettings = SettingsOf<ReturnType<typeof upSettings>>;

/** What a running installation tells its user. */
export interface UpAddresses {
  readonly http: string;
  readonly grpc: string;
  /** Page with a one-time login, undefined where the dashboard is off. */
  readonly loginUrl: string | undefined;
  readonly clientFile: string;
  /** What else a person should know, a sentence each. */
  readonly notices: readonly string[];
}

/** Paths of what the cluster's programs enrol with. */
interface ClusterFiles {
  readonly caFile: string;
  readonly clusterCertFile: string;
  readonly clusterKeyFile: string;
}

const LOGIN_LIFETIME_MS = 24 * 3600 * 1000;
const LEADING_POLL_MS = 20;
const DASHBOARD_TIMEOUT_MS = 60_000;
const MINUTE_RETENTION_FACTOR = 3;
/** The clock of the collector is that of this machine; a simulator may run elsewhere. */
const MAX_AHEAD_S = 10;

/** The whole product on one machine: embedded stores, control plane, collector and dashboard. */
export class Up {
  readonly #settings: UpSettings;
  readonly #logger: Logger;
  /** Undone in reverse. */
  readonly #undo: (() => Promise<void>)[] = [];

  constructor(settings: UpSettings, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
  }

  /**
   * Starts everything; `client.json` is written last, when all of it works.
   *
   * @throws UserError, in one sentence with the way out where a disk, a port or the folder is at fault
   */
  async start(signal: AbortSignal): Promise<UpAddresses> {
    try {
      return await this.#start(signal);
    } catch (error) {
      throw toDiskError(error, this.#settings.dataDir, 'with --data-dir');
    }
  }

  async #start(signal: AbortSignal): Promise<UpAddresses> {
    const folder = await DataFolder.open(this.#settings.dataDir);
    this.#undo.push(() => folder.close());
    const stores = await openStores(folder, this.#logger);
    this.#undo.push(() => stores.close());
    const token = (await folder.secret('api-token')).toString('hex');
    const plane = await this.#startControlPlane(folder, stores, token);
    while (!plane.isLeading) await sleep(LEADING_POLL_MS, signal);
    signal.throwIfAborted();
    const cluster = await this.#clusterName();
    const files = await this.#writeCertificates(folder, stores, plane, cluster);
    const grpc = formatHostPort({ host: dialled(this.#settings.grpc), port: plane.grpcPort });
    this.#startCollector(folder, grpc, files);
    const notices = await this.#startOperator(folder, { grpc, cluster, files }, signal);
    const page = await this.#startDashboard(folder, plane.url, token);
    const loginUrl =
      page === undefined
        ? undefined
        : `${page}/login#${await makeLoginToken(stores.db, 'admin', LOGIN_LIFETIME_MS)}`;
    const client = { server: plane.url, token, grpc, cluster, ...files };
    await folder.write('client.json', `${JSON.stringify(client, undefined, 2)}\n`);
    return { http: plane.url, grpc, loginUrl, clientFile: folder.file('client.json'), notices };
  }

  /** Stops everything, last started first; failures are logged and do not keep the rest from stopping. */
  async stop(): Promise<void> {
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      await undo().catch((error: unknown) => {
        this.#logger.error('stopping failed', { error });
      });
    }
  }

  async #startControlPlane(folder: DataFolder, stores: EmbeddedStores, token: string): Promise<ControlPlane> {
    const { http, grpc, rawRetentionDays } = this.#settings;
    const plane = new ControlPlane({
      ...stores,
      database: 'kubehero',
      http,
      grpc,
      serverNames: [...new Set(['localhost', '127.0.0.1', '::1', hostname(), dialled(grpc)])],
      advertisedAddress: formatHostPort(http),
      tokens: [token],
      sealingKey: await folder.secret('ca-key'),
      prices: standardPrices({ ...this.#settings, currency: 'USD' }),
      rawRetentionDays,
      maxAheadS: MAX_AHEAD_S,
      minuteRetentionDays: Math.min(3650, rawRetentionDays * MINUTE_RETENTION_FACTOR),
      logger: this.#logger,
    });
    this.#undo.push(() => plane.stop());
    await plane.start();
    return plane;
  }

  async #writeCertificates(
    folder: DataFolder,
    stores: EmbeddedStores,
    plane: ControlPlane,
    name: string,
  ): Promise<ClusterFiles> {
    const cluster =
      (await tryFindClusterByName(stores.db, name)) ??
      (await addCluster(stores.db, { id: randomUUID(), name, cloud: '', region: '' }));
    // The person at this machine writes its policies: they may reach other clusters too.
    await labelCluster(stores.db, cluster.id, { [annotationKeys.policySource]: 'true' });
    const issued = await issueClusterCertificate({ db: stores.db, authority: plane.authority }, cluster);
    await folder.write('ca.pem', plane.authority.caBundlePem);
    await folder.write('cluster-cert.pem', issued.certificateChainPem);
    await folder.write('cluster-key.pem', issued.privateKeyPem);
    return {
      caFile: folder.file('ca.pem'),
      clusterCertFile: folder.file('cluster-cert.pem'),
      clusterKeyFile: folder.file('cluster-key.pem'),
    };
  }

  async #clusterName(): Promise<string> {
    const { cluster, kubeconfig, context } = this.#settings;
    if (cluster !== undefined) return cluster;
    return kubeconfig === undefined ? 'local' : await nameOfContext(kubeconfig, context);
  }

  async #startOperator(
    folder: DataFolder,
    place: { readonly grpc: string; readonly cluster: string; readonly files: ClusterFiles },
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const { kubeconfig, context, logLevel } = this.#settings;
    if (kubeconfig === undefined) return [];
    const { program, notice } = await startOperator(
      {
        kubeconfig,
        context,
        cluster: place.cluster,
        hub: place.grpc,
        ...place.files,
        dataDir: folder.file('operator'),
        env: inherited(),
        logLevel,
        logger: this.#logger,
      },
      signal,
    );
    this.#undo.push(() => program.stop());
    return [notice];
  }

  #startCollector(folder: DataFolder, grpc: string, files: ClusterFiles): void {
    const { kubeconfig, nodePrice, logLevel } = this.#settings;
    // This machine is no node of a cluster that is reached from outside
    const collector = this.#settings.collector ?? (kubeconfig === undefined ? 'auto' : 'off');
    if (collector === 'off') return;
    const program = new ChildProgram({
      name: 'collector',
      args: [compiled('../main.js'), 'collector'],
      logger: this.#logger,
      env: {
        ...inherited(),
        [environmentNames.hubEndpoint]: grpc,
        [environmentNames.hubCaFile]: files.caFile,
        [environmentNames.clusterCertFile]: files.clusterCertFile,
        [environmentNames.clusterKeyFile]: files.clusterKeyFile,
        [environmentNames.collectorMode]: collector,
        [environmentNames.dataDir]: folder.file('collector'),
        [environmentNames.httpListen]: '127.0.0.1:0',
        [environmentNames.logLevel]: logLevel,
        ...(nodePrice === undefined ? {} : { [environmentNames.nodePrice]: nodePrice }),
      },
    });
    this.#undo.push(() => program.stop());
    program.start();
  }

  async #startDashboard(folder: DataFolder, server: string, token: string): Promise<string | undefined> {
    const { dashboard } = this.#settings;
    if (dashboard === 'off') return undefined;
    const sessionSecret = (await folder.secret('session-key')).toString('hex');
    return await new Promise<string>((resolve, reject) => {
      let isReady = false;
      const timer = setTimeout(() => {
        reject(notStarted('dashboard', '', 'or run with --dashboard off'));
      }, DASHBOARD_TIMEOUT_MS);
      const program = new ChildProgram({
        name: 'dashboard',
        args: [compiled('../../dashboard/server/main.js')],
        logger: this.#logger,
        env: {
          ...inherited(),
          [dashboardEnvironment.server]: server,
          [dashboardEnvironment.token]: token,
          [dashboardEnvironment.sessionSecret]: sessionSecret,
          [environmentNames.httpListen]: formatHostPort(dashboard),
        },
        onLine: (line) => {
          const url = readyUrl(line);
          if (url === undefined) return;
          clearTimeout(timer);
          isReady = true;
          resolve(url);
        },
        onEnd: (sentence) => {
          clearTimeout(timer);
          if (!isReady) reject(notStarted('dashboard', sentence, 'or run with --dashboard off'));
          return isReady;
        },
      });
      this.#undo.push(() => program.stop());
      program.start();
    });
  }
}

/** @param sentence - what the program said last; empty: nothing */
function notStarted(program: string, sentence: string, way: string): UserError<'PROGRAM_FAILED'> {
  const why = sentence === '' ? 'run with --log-level debug to see why' : sentence;
  return new UserError('PROGRAM_FAILED', `the ${program} did not start: ${why}, ${way}`);
}

/** Every interface is dialled by the loopback address. */
function dialled({ host }: HostPort): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

function compiled(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** What a child needs of this process's environment, and nothing that could be a secret. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'TZ', 'NODE_EXTRA_CA_CERTS', 'KUBECONFIG'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function readyUrl(line: string): string | undefined {
  try {
    const message = JSON.parse(line) as { event?: unknown; url?: unknown };
    return message.event === 'ready' && typeof message.url === 'string' ? message.url : undefined;
  } catch {
    return undefined; // other lines of the program are not for us
  }
}
