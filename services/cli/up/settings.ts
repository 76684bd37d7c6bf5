import { environmentNames, ports } from '@kubehero/contract';
import { priceSettings } from '@kubehero/control-plane';
import { parsePicounits } from '@kubehero/domain';
import {
  BadValueError,
  choiceSetting,
  hostPortSetting,
  integerSetting,
  logLevels,
  optionalSetting,
  pathSetting,
  textSetting,
  type HostPort,
  type Setting,
} from '@kubehero/runtime';
import { defaultDataFolder } from './data-folder.js';

const price: Setting<string | undefined> = {
  flag: 'node-price',
  reason: 'price of this machine in USD per hour; default: by its type, else by its CPUs and memory',
  unit: 'usd-per-hour',
  fallback: undefined,
  show: String,
  parse: (text) => {
    try {
      if (parsePicounits(text) >= 0n) return text;
    } catch {
      // falls through to the one sentence that says what is allowed
    }
    throw new BadValueError('give a plain decimal such as 0.40');
  },
};

const dashboard: Setting<HostPort | 'off'> = {
  flag: 'dashboard',
  reason: 'address of the dashboard, or off',
  unit: 'host:port|off',
  fallback: { host: '127.0.0.1', port: ports.dashboard },
  show: (value) => (value === 'off' ? value : `${value.host}:${value.port}`),
  parse: (text) => (text === 'off' ? text : hostPortSetting({ reason: '' }).parse(text)),
};

/** Which cluster this installation is, and where its budgets are enforced. */
const clusterSettings = {
  cluster: optionalSetting(
    textSetting({
      flag: 'cluster',
      reason: 'name of the cluster; default: local, or the name of the context',
      unit: 'name',
      pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
      allowed: "give letters, digits, '.', '_' and '-'",
    }),
  ),
  kubeconfig: optionalSetting(
    pathSetting({
      flag: 'kubeconfig',
      reason: 'enforces budgets in the cluster that this file gives access to',
    }),
  ),
  context: optionalSetting(
    textSetting({
      flag: 'context',
      reason: 'context of that file; default: its current one',
      unit: 'name',
    }),
  ),
};

/** Settings of `kubehero up`. @param environment - tells the default data folder */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the table's own type is what settings are read from
export function upSettings(environment: NodeJS.ProcessEnv) {
  return {
    dataDir: pathSetting({
      flag: 'data-dir',
      env: environmentNames.dataDir,
      reason: 'folder of everything that is kept',
      fallback: defaultDataFolder(environment),
    }),
    http: hostPortSetting({
      flag: 'http',
      reason: 'address of the HTTP API',
      fallback: { host: '127.0.0.1', port: ports.controlPlaneHttp },
    }),
    grpc: hostPortSetting({
      flag: 'grpc',
      reason: 'address of gRPC, for collectors and simulators',
      fallback: { host: '127.0.0.1', port: ports.controlPlaneGrpc },
    }),
    dashboard,
    ...clusterSettings,
    nodePrice: price,
    ...priceSettings,
    collector: optionalSetting(
      choiceSetting({
        flag: 'collector',
        env: environmentNames.collectorMode,
        reason: 'how this machine is measured; default: auto, or off with --kubeconfig',
        choices: ['auto', 'bpf', 'cgroup', 'off'],
      }),
    ),
    rawRetentionDays: integerSetting({
      flag: 'raw-retention-days',
      env: environmentNames.rawRetentionDays,
      reason: 'days that single seconds are kept',
      unit: 'days',
      min: 1,
      max: 3650,
      fallback: 30,
    }),
    logLevel: choiceSetting({
      flag: 'log-level',
      env: environmentNames.logLevel,
      reason: 'which lines are logged',
      choices: logLevels,
      fallback: 'warn',
    }),
  };
}
