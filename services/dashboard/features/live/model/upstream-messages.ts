import { isGrouping, type Grouping, type Keys } from './grouping.js';
import { parsePico } from '../../money/model/money-format.js';

/** A group of the control plane's stream: its index in `values` and its names. */
export interface UpstreamGroup {
  readonly index: number;
  readonly keys: Keys;
}

/** One second of the control plane's stream; money in picounits. */
export interface UpstreamTick {
  readonly second: number;
  readonly groups: readonly UpstreamGroup[];
  readonly values: readonly (readonly [index: number, picoCost: bigint])[];
  readonly idlePico: bigint;
  readonly unobservedPico: bigint;
  readonly observedNodes: number;
  readonly expectedNodes: number;
  readonly unpricedNodes: number;
}

/** What the stream begins with: at most the last 900 seconds. */
export interface UpstreamSnapshot {
  readonly currency: string;
  readonly by: Grouping;
  readonly groups: readonly UpstreamGroup[];
  readonly ticks: readonly UpstreamTick[];
}

/** A message of the control plane that does not keep the contract. */
export class StreamProtocolError extends Error {
  readonly code = 'MALFORMED_MESSAGE';
}

/**
 * Reads the data of a `snapshot` event.
 * @throws StreamProtocolError if it does not keep the contract.
 */
export function parseSnapshot(data: string): UpstreamSnapshot {
  const raw = asRecord(parseJson(data), 'snapshot');
  const by = asText(raw['by'], 'by');
  if (!isGrouping(by)) throw new StreamProtocolError(`grouping '${by}' is not known`);
  return {
    currency: asText(raw['currency'], 'currency'),
    by,
    groups: asArray(raw['groups'], 'groups').map(toGroup),
    ticks: asArray(raw['ticks'], 'ticks').map(toTick),
  };
}

/**
 * Reads the data of a `tick` event.
 * @throws StreamProtocolError if it does not keep the contract.
 */
export function parseTick(data: string): UpstreamTick {
  return toTick(parseJson(data));
}

function toTick(value: unknown): UpstreamTick {
  const raw = asRecord(value, 'tick');
  return {
    second: asCount(raw['second'], 'second'),
    groups: asArray(raw['groups'] ?? [], 'groups').map(toGroup),
    values: asArray(raw['values'], 'values').map(toValue),
    idlePico: asPico(raw['idle'], 'idle'),
    unobservedPico: asPico(raw['unobserved'], 'unobserved'),
    observedNodes: asCount(raw['observedNodes'], 'observedNodes'),
    expectedNodes: asCount(raw['expectedNodes'], 'expectedNodes'),
    unpricedNodes: asCount(raw['unpricedNodes'], 'unpricedNodes'),
  };
}

function toGroup(value: unknown): UpstreamGroup {
  const raw = asRecord(value, 'group');
  const keys: Record<string, string> = {};
  for (const [key, name] of Object.entries(asRecord(raw['keys'], 'keys'))) keys[key] = asText(name, key);
  return { index: asCount(raw['index'], 'index'), keys };
}

function toValue(value: unknown): readonly [number, bigint] {
  const pair = asArray(value, 'value');
  return [asCount(pair[0], 'group index'), asPico(pair[1], 'cost')];
}

function parseJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new StreamProtocolError('stream message is not JSON', { cause });
  }
}

function asRecord(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new StreamProtocolError(`${name} is not an object`);
}

function asArray(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new StreamProtocolError(`${name} is not an array`);
}

function asText(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new StreamProtocolError(`${name} is not a text`);
}

function asCount(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new StreamProtocolError(`${name} is not a whole number from 0 up`);
}

function asPico(value: unknown, name: string): bigint {
  try {
    return parsePico(asText(value, name));
  } catch (cause) {
    throw new StreamProtocolError(`${name} is not a number of picounits`, { cause });
  }
}
