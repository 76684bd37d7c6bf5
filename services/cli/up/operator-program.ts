import { fileURLToPath } from 'node:url';
import { environmentNames } from '@kubehero/contract';
import { currentContext, kubeconfigServer } from '@kubehero/kubernetes';
import { UserError, type Logger } from '@kubehero/runtime';
import { ChildProgram } from './child-program.js';
import { installDefinition } from './cluster-definition.js';

/** What the operator beside an embedded control plane needs. */
export interface OperatorProgramOptions {
  readonly kubeconfig: string;
  readonly context: string | undefined;
  readonly cluster: string;
  /** `host:port` of the control plane's gRPC port. */
  readonly hub: string;
  readonly caFile: string;
  readonly clusterCertFile: string;
  readonly clusterKeyFile: string;
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logLevel: string;
  readonly logger: Logger;
}

const READY_TIMEOUT_MS = 60_000;
const LONGEST_NAME = 128;

/** A cluster's name from its context: what a name may not hold becomes a dash. */
export async function nameOfContext(kubeconfig: string, context: string | undefined): Promise<string> {
  const name = (context ?? (await currentContext(kubeconfig))).replace(/[^A-Za-z0-9._-]+/g, '-');
  const trimmed = name.replace(/^[^A-Za-z0-9]+/, '').slice(0, LONGEST_NAME);
  return trimmed === '' ? 'cluster' : trimmed;
}

/**
 * Runs the operator as a program of its own against a cluster, in which it needs nothing but the definition of
 * BudgetPolicy; installs that where it is missing.
 *
 * @returns the program once it has listed the cluster, and what a person should be told
 * @throws {ApiError} where the cluster cannot be reached
 * @throws {UserError} OPERATOR_NOT_READY
 */
export async function startOperator(
  options: OperatorProgramOptions,
  signal: AbortSignal,
): Promise<{ readonly program: ChildProgram; readonly notice: string }> {
  const { kubeconfig, context, cluster } = options;
  const server = await kubeconfigServer(kubeconfig, context);
  const outcome = await installDefinition(server, signal);
  let onReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const program = new ChildProgram({
    name: 'operator',
    args: [fileURLToPath(new URL('../main.js', import.meta.url)), 'operator', ...flagsOf(options)],
    logger: options.logger,
    env: environmentOf(options),
    onLine: (line) => {
      if (line.includes('"event":"ready"')) onReady();
    },
  });
  program.start();
  try {
    await within(ready, signal);
  } catch (error) {
    await program.stop();
    throw error;
  }
  const done = { installed: 'is installed now', updated: 'is brought up to date', unchanged: 'was there' }[
    outcome
  ];
  return {
    program,
    notice: `cluster ${cluster}: the definition of BudgetPolicy ${done}, budgets are enforced`,
  };
}

function flagsOf({ kubeconfig, context, cluster }: OperatorProgramOptions): readonly string[] {
  return [
    ...['--kubeconfig', kubeconfig],
    ...(context === undefined ? [] : ['--context', context]),
    ...['--cluster', cluster],
  ];
}

function environmentOf(options: OperatorProgramOptions): Record<string, string> {
  return {
    ...options.env,
    [environmentNames.hubEndpoint]: options.hub,
    [environmentNames.hubCaFile]: options.caFile,
    [environmentNames.clusterCertFile]: options.clusterCertFile,
    [environmentNames.clusterKeyFile]: options.clusterKeyFile,
    [environmentNames.dataDir]: options.dataDir,
    [environmentNames.httpListen]: '127.0.0.1:0',
    [environmentNames.logLevel]: options.logLevel,
  };
}

async function within(ready: Promise<void>, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new UserError(
          'OPERATOR_NOT_READY',
          'the operator did not list the cluster in time: run with --log-level debug to see why',
        ),
      );
    }, READY_TIMEOUT_MS);
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
  try {
    await Promise.race([ready, late]);
  } finally {
    clearTimeout(timer);
  }
}
