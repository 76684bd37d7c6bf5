import {
  formatDecimal,
  gcpShapeByName,
  toDecimal,
  divideDecimals,
  type MachineShape,
} from '@kubehero/domain';
import { PricingError } from '../../errors.js';
import { asArray, asRecord, asText, parseJson } from '../../stream/exact-json.js';
import type { InputFile } from '../../stream/input.js';
import { JsonRecordReader, type PathDecision } from '../../stream/json-records.js';
import { RowCollector, type ParsedSource } from '../collector.js';

// machineTypes.list: {items: [...]}; aggregatedList: {items: {"zones/…": {machineTypes: [...]}}}; gcloud: [...].
function decide(path: readonly string[]): PathDecision {
  if (path.length === 0) return 'enter';
  if (path[0] === '*') return 'capture';
  if (path[0] !== 'items') return 'skip';
  if (path.length === 1) return 'enter';
  if (path[1] === '*') return 'capture';
  if (path.length === 2) return 'enter';
  return path[2] === 'machineTypes' ? (path.length === 3 ? 'enter' : 'capture') : 'skip';
}

function whole(value: unknown): string | undefined {
  const text = asText(value);
  return /^\d{1,9}$/.test(text) && Number(text) > 0 ? text : undefined;
}

function gpusOf(value: unknown): Record<string, number> {
  const gpus: Record<string, number> = {};
  for (const entry of asArray(value)) {
    const record = asRecord(entry);
    const count = whole(record['guestAcceleratorCount']);
    const model = asText(record['guestAcceleratorType']);
    if (count !== undefined && model !== '' && !/^ct\d/.test(model)) gpus[model] = Number(count);
  }
  return gpus;
}

const MEBIBYTE_IN_GIB = 1 / 1024;

/** The API rounds memory down to whole MiB (1843 for 1.8 GiB); where the published table is that close, it counts. */
function memoryGib(name: string, memoryMb: string): string {
  const gib = formatDecimal(divideDecimals(toDecimal(memoryMb), toDecimal('1024'), 20));
  const table = gcpShapeByName(name);
  if (table === undefined) return gib;
  const published = formatDecimal(table.memoryGib);
  return Math.abs(Number(published) - Number(gib)) < MEBIBYTE_IN_GIB ? published : gib;
}

function addType(value: unknown, rows: RowCollector): void {
  const record = asRecord(value);
  const name = asText(record['name']).toLowerCase();
  const vcpus = whole(record['guestCpus']);
  const memoryMb = whole(record['memoryMb']);
  if (name === '' || vcpus === undefined || memoryMb === undefined) return rows.skip('not a machine type');
  const disks = whole(asRecord(record['bundledLocalSsds'])['partitionCount']);
  const shape: MachineShape = {
    kind: 'shape',
    provider: 'gcp',
    name,
    vcpus,
    memoryGib: memoryGib(name, memoryMb),
    gpus: gpusOf(record['accelerators']),
    localSsds: disks === undefined ? 0 : Number(disks),
    source: 'gcp-machine-types',
  };
  rows.shape(shape);
}

/** Reads machine types of the Compute API: shapes, not prices. */
export async function parseGcpMachineTypes(files: readonly InputFile[]): Promise<ParsedSource> {
  const rows = new RowCollector('gcp-machine-types');
  for (const file of files) {
    const reader = new JsonRecordReader({
      name: file.name,
      decide,
      onRecord: (_path, bytes, offset) => {
        addType(parseJson(bytes.toString('utf8'), { name: file.name, offset }), rows);
      },
    });
    for await (const chunk of file.open()) reader.write(chunk);
    reader.end();
  }
  const names = files.map(({ name }) => name).join(', ');
  if (rows.size === 0) {
    throw new PricingError(
      'WRONG_SHAPE',
      `gcp-machine-types: ${names} has no machine types (name, guestCpus, memoryMb): check --source`,
    );
  }
  return rows.finish(names, { version: '' });
}
