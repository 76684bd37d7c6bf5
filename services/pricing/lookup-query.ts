import {
  regionOfZone,
  toNodeFacts,
  tryParseDecimal,
  type MachineQuery,
  type NodeFacts,
  type PricedOs,
  type PricedResource,
  type Provider,
  type ResourceQuery,
} from '@kubehero/domain';
import { PricingError } from './errors.js';
import { resourceName } from './resource-names.js';
import { asRecord, asText, ExactNumber, parseExactJson } from './stream/exact-json.js';

/** A question as it was read from a line, with the instant that it asks about. */
export type LookupQuestion = { readonly atMs: number | undefined } & (
  | { readonly kind: 'machine'; readonly query: MachineQuery }
  | { readonly kind: 'node'; readonly facts: NodeFacts }
  | { readonly kind: 'resource'; readonly query: ResourceQuery }
);

const PROVIDERS: readonly Provider[] = ['aws', 'azure', 'gcp', 'custom'];
const SYSTEMS: readonly PricedOs[] = ['linux', 'windows', 'rhel', 'suse'];
const RESOURCES: readonly PricedResource[] = [
  'volume',
  'iops',
  'throughput',
  'snapshot',
  'loadbalancer',
  'ip',
  'cluster-fee',
  'network',
];

function bad(line: string, message: string): PricingError {
  return new PricingError('BAD_QUERY', `${line}: ${message}`);
}

function oneOf<T extends string>(
  value: unknown,
  allowed: readonly T[],
  what: { line: string; field: string },
  otherwise?: T,
): T {
  const text = asText(value).toLowerCase();
  if (text === '' && otherwise !== undefined) return otherwise;
  const found = allowed.find((item) => item === text);
  if (found === undefined) throw bad(what.line, `${what.field} '${text}' is none of ${allowed.join(', ')}`);
  return found;
}

function amount(value: unknown, what: { line: string; field: string }): string | undefined {
  const text = asText(value);
  if (text === '') return undefined;
  const number = tryParseDecimal(text);
  if (number === undefined || number.digits <= 0n)
    throw bad(what.line, `${what.field} '${text}' is no number above zero`);
  return text;
}

function gpus(value: unknown): Readonly<Record<string, number>> | undefined {
  const entries = Object.entries(asRecord(value)).flatMap(([model, count]) => {
    const number = Number(asText(count));
    return Number.isInteger(number) && number > 0 && number <= 1024 ? [[model, number] as const] : [];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function purchaseModel(value: unknown, line: string): 'on-demand' | 'spot' {
  const text = asText(value).toLowerCase().replaceAll('_', '-');
  if (text === 'ondemand') return 'on-demand';
  if (text === 'preemptible') return 'spot';
  return oneOf(text, ['on-demand', 'spot'] as const, { line, field: 'purchaseModel' }, 'on-demand');
}

function resourceQuery(r: Record<string, unknown>, provider: Provider, line: string): ResourceQuery {
  const resource = oneOf(r['resource'], RESOURCES, { line, field: 'resource' });
  const name = resourceName(provider, resource, asText(r['name']));
  return { provider, region: asText(r['region']), resource, name };
}

function machineQuery(r: Record<string, unknown>, provider: Provider, line: string): MachineQuery {
  const zone = asText(r['zone']);
  const vcpus = amount(r['vcpus'], { line, field: 'vcpus' });
  const memoryGib = amount(r['memoryGib'], { line, field: 'memoryGib' });
  const accelerators = gpus(r['gpus']);
  const tenancy = asText(r['tenancy']).toLowerCase() === 'dedicated';
  const instanceType = asText(r['instanceType']);
  if (instanceType === '' && (vcpus === undefined || memoryGib === undefined))
    throw bad(line, 'instanceType is missing');
  const region = asText(r['region']);
  return {
    provider,
    region: region === '' ? regionOfZone(provider, zone) : region,
    ...(zone === '' ? {} : { zone }),
    instanceType,
    os: oneOf(r['os'], SYSTEMS, { line, field: 'os' }, 'linux'),
    purchaseModel: purchaseModel(r['purchaseModel'], line),
    ...(tenancy ? { tenancy: 'dedicated' as const } : {}),
    ...(vcpus === undefined ? {} : { vcpus }),
    ...(memoryGib === undefined ? {} : { memoryGib }),
    ...(accelerators === undefined ? {} : { gpus: accelerators }),
  };
}

/** Turns exact numbers back into plain ones, for objects that hold no prices. */
function plain(value: unknown): unknown {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** An instant as RFC 3339 text, epoch ms. @throws PricingError USAGE */
export function parseAt(text: string, what: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at) || !/^\d{4}-\d{2}-\d{2}/.test(text)) {
    throw new PricingError('USAGE', `${what} '${text}' is no instant: write 2026-11-22T00:00:00Z`);
  }
  return at;
}

/** Reads one line of a query file. @throws PricingError BAD_QUERY, NOT_JSON, USAGE */
export function parseLookupLine(text: string, line: string): LookupQuestion {
  const record = asRecord(parseExactJson(text, { name: line, offset: 0 }));
  const atText = asText(record['at']);
  const atMs = atText === '' ? undefined : parseAt(atText, `${line}: at`);
  if (record['node'] !== undefined) return { kind: 'node', atMs, facts: toNodeFacts(plain(record['node'])) };
  const provider = oneOf(record['provider'], PROVIDERS, { line, field: 'provider' });
  if (record['resource'] !== undefined)
    return { kind: 'resource', atMs, query: resourceQuery(record, provider, line) };
  return { kind: 'machine', atMs, query: machineQuery(record, provider, line) };
}
