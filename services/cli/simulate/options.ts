import { dashboardEnvironment } from '@kubehero/contract';
import {
  BadValueError,
  choiceSetting,
  decimalSetting,
  integerSetting,
  readSettings,
  SettingsError,
  optionalSetting,
  pathSetting,
  switchSetting,
  textSetting,
  hostPortSetting,
  type HostPort,
  type Setting,
  type SettingFault,
  type SettingsOf,
  type SettingSources,
} from '@kubehero/runtime';
import { PRICE_PATTERN } from './price.js';

const RFC3339_SECOND = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.0+)?(?:Z|[+-]\d\d:\d\d)$/;
const MAX_EPOCH_SECOND = 4_294_967_295;

function instantSetting(flag: string, reason: string): Setting<number> {
  const parse = (text: string): number => {
    const second = Date.parse(text) / 1000;
    if (!RFC3339_SECOND.test(text) || !Number.isInteger(second) || second < 0 || second > MAX_EPOCH_SECOND) {
      throw new BadValueError('give an RFC 3339 instant in whole seconds, such as 2026-01-31T12:00:00Z');
    }
    return second;
  };
  const show = (second: number): string => new Date(second * 1000).toISOString();
  return { flag, reason, unit: 'rfc3339', parse, show };
}

/** Settings of `kubehero simulate`. */
export const simulateSettings = {
  nodes: integerSetting({
    flag: 'nodes',
    unit: 'nodes',
    min: 1,
    max: 20_000,
    reason: 'how many nodes to simulate',
  }),
  podsPerNode: integerSetting({
    flag: 'pods-per-node',
    unit: 'pods',
    min: 0,
    max: 5_000,
    reason: 'how many pods run on each node',
  }),
  seconds: integerSetting({
    flag: 'seconds',
    unit: 'seconds',
    min: 1,
    max: 2_678_400,
    reason: 'how many seconds to simulate',
  }),
  seed: integerSetting({
    flag: 'seed',
    unit: 'number',
    min: 0,
    max: 4_294_967_295,
    fallback: 1,
    reason: 'the same seed gives the same telemetry',
  }),
  start: optionalSetting(
    instantSetting('start', 'first second; otherwise now, floored to the minute, minus --seconds'),
  ),
  nodePrice: textSetting({
    flag: 'node-price',
    unit: 'usd-per-hour',
    pattern: PRICE_PATTERN,
    allowed: 'give a plain decimal with at most 12 places, such as 0.40',
    fallback: '0.40',
    reason: 'price of every node per hour',
  }),
  cluster: optionalSetting(
    textSetting({
      flag: 'cluster',
      unit: 'name',
      pattern: /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/,
      allowed: 'give 1 to 63 lower-case letters, digits, dots and dashes',
      reason: 'cluster to report as; it is registered when it is new; otherwise the one of the client file',
    }),
  ),
  realtime: switchSetting({
    flag: 'realtime',
    fallback: false,
    reason: 'send each second when it has passed',
  }),
  client: optionalSetting(
    pathSetting({
      flag: 'client',
      unit: 'file',
      reason: "client.json that 'kubehero up' wrote into its data folder",
    }),
  ),
  server: optionalSetting(
    textSetting({
      env: dashboardEnvironment.server,
      unit: 'url',
      pattern: /^https?:\/\//,
      allowed: 'give a URL of http:// or https://',
      reason: 'base URL of the HTTP API',
    }),
  ),
  token: optionalSetting(
    textSetting({ env: dashboardEnvironment.token, unit: 'token', reason: 'bearer token of the HTTP API' }),
  ),
  grpc: optionalSetting<HostPort>(
    hostPortSetting({ flag: 'grpc', reason: 'gRPC port of the hub, where the client file does not name it' }),
  ),
  repeat: integerSetting({
    flag: 'repeat',
    unit: 'times',
    min: 1,
    max: 100,
    fallback: 1,
    reason: 'send everything this often',
  }),
  shuffle: switchSetting({ flag: 'shuffle', fallback: false, reason: 'send the seconds out of order' }),
  late: decimalSetting({
    flag: 'late',
    unit: 'fraction',
    min: 0,
    max: 1,
    fallback: 0,
    reason: 'share of the seconds that is sent at the very end',
  }),
  network: switchSetting({ flag: 'network', fallback: false, reason: 'add chargeable network traffic' }),
  giveUpAfterS: integerSetting({
    flag: 'give-up-after',
    unit: 'seconds',
    min: 1,
    max: 86_400,
    fallback: 300,
    reason: 'longest time without an acknowledgement before the command fails',
  }),
  kubeconfig: optionalSetting(
    pathSetting({
      flag: 'kubeconfig',
      unit: 'file',
      reason: "speak for this cluster's nodes and running pods, second by second, instead of invented ones",
    }),
  ),
  context: optionalSetting(
    textSetting({
      flag: 'context',
      unit: 'name',
      reason: 'context of the kubeconfig, otherwise its current one',
    }),
  ),
  output: optionalSetting(
    choiceSetting({
      flag: 'output',
      choices: ['json', 'text'],
      reason: 'form of the result; otherwise text on a terminal and json elsewhere',
    }),
  ),
} as const;

/** The settings as a frozen object. */
export type SimulateSettings = SettingsOf<typeof simulateSettings>;

/** What only an invented fleet has. */
const INVENTED_FLAGS = [
  'nodes',
  'pods-per-node',
  'seed',
  'start',
  'repeat',
  'shuffle',
  'late',
  'network',
] as const;

function findConflicts(flags: Readonly<Record<string, unknown>>): readonly SettingFault[] {
  return INVENTED_FLAGS.filter((flag) => {
    const name = flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return flags[name] !== undefined;
  }).map((flag) => ({
    source: `--${flag}`,
    message: 'is of an invented fleet: leave it out with --kubeconfig',
  }));
}

function faultsOf(read: () => unknown): readonly SettingFault[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
}

/**
 * Reads the settings. With `--kubeconfig` the size of the fleet is the cluster's, and each second is sent when it
 * has passed.
 *
 * @throws SettingsError with every fault
 */
export function readSimulateSettings(sources: SettingSources): SimulateSettings {
  if (sources.flags?.['kubeconfig'] === undefined) return readSettings(simulateSettings, sources);
  const table = {
    ...simulateSettings,
    nodes: { ...simulateSettings.nodes, fallback: 0 },
    podsPerNode: { ...simulateSettings.podsPerNode, fallback: 0 },
    realtime: { ...simulateSettings.realtime, fallback: true },
  };
  const conflicts = findConflicts(sources.flags);
  if (conflicts.length > 0) {
    throw new SettingsError([...conflicts, ...faultsOf(() => readSettings(table, sources))]);
  }
  return readSettings(table, sources);
}

/** First second of a simulation: as given, else such that nothing lies in the future. */
export function resolveStart(settings: SimulateSettings, nowMs: number): number {
  if (settings.start !== undefined) return settings.start;
  const nowS = Math.floor(nowMs / 1000);
  return settings.realtime ? nowS : Math.floor(nowS / 60) * 60 - settings.seconds;
}
