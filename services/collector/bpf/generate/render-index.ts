import { createHash } from 'node:crypto';
import type { BtfStruct } from './btf.js';
import { Btf, findSection } from './btf.js';

/**
 * Sensors with the structs that user space reads or writes; `<sensor>.bpf.o` is the object. Variants for older kernels
 * share the structs of the first.
 */
export const sensors = {
  usage: ['usage_record', 'usage_state', 'usage_arguments'],
  'usage-6-7': [],
  'usage-6-1': [],
  lifecycle: ['birth_event', 'death_record', 'lifecycle_state'],
  network: [
    'traffic_key',
    'traffic_value',
    'traffic_record',
    'network_state',
    'prefix4_key',
    'prefix6_key',
  ],
  process: ['process_record', 'process_state'],
} as const;

/** Name of a sensor. */
export type SensorName = keyof typeof sensors;

/** Text of `<sensor>.gen.ts`: the offsets of its structs, from the object's BTF, and the object itself. */
export function renderIndex(sensor: SensorName, object: Buffer): string {
  const btf = new Btf(findSection(object, '.BTF'));
  const layouts = sensors[sensor].map((name) => renderStruct(btf.findStruct(name)));
  const base64 = object.toString('base64').replace(/.{1,108}/g, "  '$&' +\n");
  return [
    `// Generated from ${sensor}.bpf.o by "npm run generate:bpf --workspace @kubehero/collector"; do not edit.`,
    '',
    ...layouts,
    `/** SHA-256 of the object file. */`,
    `export const ${camel(sensor)}ObjectSha256 = '${createHash('sha256').update(object).digest('hex')}';`,
    '',
    `/** The compiled object, base64. */`,
    `export const ${camel(sensor)}ObjectBase64 =`,
    `${base64.replace(/ \+\n$/, '')};`,
    '',
  ].join('\n');
}

function renderStruct(struct: BtfStruct): string {
  const lines = struct.members
    .filter((member) => member.name !== 'padding')
    .map((member) => `  ${camel(member.name)}: ${member.offset},`);
  return [
    `/** Offsets of \`struct ${struct.name}\` in bytes, and its length. */`,
    `export const ${camel(struct.name)}Layout = {`,
    `  byteLength: ${struct.byteLength},`,
    ...lines,
    '} as const;',
    '',
  ].join('\n');
}

function camel(name: string): string {
  return name.replace(/[_-]([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}
