import { dashboardEnvironment } from '@kubehero/contract';
import {
  BadValueError,
  choiceSetting,
  decimalSetting,
  integerSetting,
  optionalSetting,
  pathSetting,
  switchSetting,
  textSetting,
  hostPortSetting,
  type HostPort,
  type Setting,
  type SettingsOf,
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

/** First second of a simulation: as given, else such that nothing lies in the future. */
export function resolveStart(settings: SimulateSettings, nowMs: number): number {
  if (settings.start !== undefined) return settings.start;
  const nowS = Math.floor(nowMs / 1000);
  return settings.realtime ? nowS : Math.floor(nowS / 60) * 60 - settings.seconds;
}
