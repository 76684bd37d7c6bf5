import { divide, formatDecimal, multiply, toDecimal, tryParseDecimal, type Decimal } from './decimal.js';

/** What is known of a node without asking anybody: the part of a Kubernetes Node that prices depend on. */
export interface NodeFacts {
  readonly name: string;
  readonly providerId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Kubernetes quantities (`cpu`, `memory`, `nvidia.com/gpu`). */
  readonly capacity: Readonly<Record<string, string>>;
  readonly osImage: string;
  readonly kubeletVersion: string;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function texts(value: unknown): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [key, item] of Object.entries(record(value))) {
    if (typeof item === 'string') result[key] = item;
    else if (typeof item === 'number') result[key] = String(item);
  }
  return result;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Reads a Kubernetes Node object (as the API gives it). Unknown or missing parts are simply not there. */
export function toNodeFacts(node: unknown): NodeFacts {
  const root = record(node);
  const metadata = record(root['metadata']);
  const status = record(root['status']);
  const info = record(status['nodeInfo']);
  return {
    name: text(metadata['name']),
    providerId: text(record(root['spec'])['providerID']),
    labels: texts(metadata['labels']),
    annotations: texts(metadata['annotations']),
    capacity: texts(status['capacity']),
    osImage: text(info['osImage']),
    kubeletVersion: text(info['kubeletVersion']),
  };
}

const SUFFIXES: Readonly<Record<string, string>> = {
  '': '1',
  m: '0.001',
  k: '1000',
  M: '1000000',
  G: '1000000000',
  T: '1000000000000',
  P: '1000000000000000',
  Ki: '1024',
  Mi: '1048576',
  Gi: '1073741824',
  Ti: '1099511627776',
  Pi: '1125899906842624',
};

/**
 * Reads a Kubernetes quantity exactly. See https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 * @returns undefined when the text is no quantity
 */
export function tryParseQuantity(quantity: string): Decimal | undefined {
  const match = /^([0-9.eE+-]+?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/.exec(quantity.trim());
  const factor = SUFFIXES[match?.[2] ?? ''];
  const value = tryParseDecimal(match?.[1] ?? '');
  if (match === null || factor === undefined || value === undefined) return undefined;
  return multiply(value, toDecimal(factor));
}

/** Memory of the node in GiB as decimal text (12 digits), undefined when the node does not say. */
export function capacityMemoryGib(facts: NodeFacts): string | undefined {
  const bytes = tryParseQuantity(facts.capacity['memory'] ?? '');
  return bytes === undefined ? undefined : formatDecimal(divide(bytes, toDecimal('1073741824')));
}

/** Whole CPUs of the node as decimal text, undefined when the node does not say. */
export function capacityVcpus(facts: NodeFacts): string | undefined {
  const cpus = tryParseQuantity(facts.capacity['cpu'] ?? '');
  return cpus === undefined ? undefined : formatDecimal(cpus);
}

/** The first of these labels that is set and not empty. */
export function firstLabel(facts: NodeFacts, keys: readonly string[]): string {
  for (const key of keys) {
    const value = facts.labels[key];
    if (value !== undefined && value !== '') return value;
  }
  return '';
}
