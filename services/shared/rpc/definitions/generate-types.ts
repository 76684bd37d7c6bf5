import protobuf from 'protobufjs';

/** A generated file: its name below `gen/` and its text. */
export interface GeneratedFile {
  readonly name: string;
  readonly text: string;
}

const HEADER = '// Generated from the .proto files by `npm run generate:rpc`. Do not edit.\n';

const SCALARS: Readonly<Record<string, readonly [received: string, given: string]>> = {
  double: ['number', 'number'],
  float: ['number', 'number'],
  int32: ['number', 'number'],
  uint32: ['number', 'number'],
  sint32: ['number', 'number'],
  fixed32: ['number', 'number'],
  sfixed32: ['number', 'number'],
  int64: ['string', 'string | number'],
  uint64: ['string', 'string | number'],
  sint64: ['string', 'string | number'],
  fixed64: ['string', 'string | number'],
  sfixed64: ['string', 'string | number'],
  bool: ['boolean', 'boolean'],
  string: ['string', 'string'],
  bytes: ['Buffer', 'Uint8Array'],
};

function comment(text: string | null, indent: string): string {
  if (text === null || text === '') return '';
  const lines = text.split('\n');
  if (lines.length === 1) return `${indent}/** ${text} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}

function singular(field: protobuf.Field, given: boolean): string {
  const scalar = SCALARS[field.type]?.[given ? 1 : 0];
  if (scalar !== undefined) return scalar;
  const name = field.resolvedType?.name ?? field.type;
  return given && field.resolvedType instanceof protobuf.Type ? `${name}Input` : name;
}

function typeOf(field: protobuf.Field, given: boolean): string {
  const item = singular(field, given);
  if (field instanceof protobuf.MapField) return `Readonly<Record<string, ${item}>>`;
  if (field.repeated) return given || item !== 'string' ? `readonly (${item})[]` : 'readonly string[]';
  return item;
}

function receivedField(field: protobuf.Field): string {
  const isMessage = field.resolvedType instanceof protobuf.Type && !field.repeated && !field.map;
  const inOneof = field.partOf !== null;
  const type = isMessage && !inOneof ? `${typeOf(field, false)} | null` : typeOf(field, false);
  return `${comment(field.comment, '  ')}  readonly ${field.name}${inOneof ? '?' : ''}: ${type};\n`;
}

function givenField(field: protobuf.Field): string {
  return `${comment(field.comment, '  ')}  readonly ${field.name}?: ${typeOf(field, true)} | undefined;\n`;
}

function messageText(type: protobuf.Type): string {
  const oneofs = type.oneofsArray
    .map((oneof) => {
      const names = oneof.fieldsArray.map((field) => `'${field.name}'`).join(' | ');
      return `  /** Which of the alternatives is there. */\n  readonly ${oneof.name}?: ${names};\n`;
    })
    .join('');
  const received = type.fieldsArray.map(receivedField).join('');
  const given = type.fieldsArray.map(givenField).join('');
  const doc = comment(type.comment ?? `The message ${type.name}, as received.`, '');
  return (
    `${doc}export interface ${type.name} {\n${received}${oneofs}}\n\n` +
    `/** {@link ${type.name}} as it is given to be sent: what is left out has its default. */\n` +
    `export interface ${type.name}Input {\n${given}}\n`
  );
}

function enumText(type: protobuf.Enum): string {
  const entries = Object.entries(type.values);
  const constant = `${type.name.charAt(0).toLowerCase()}${type.name.slice(1)}Numbers`;
  const members = entries
    .map(([name, value]) => `${comment(type.comments[name] ?? null, '  ')}  ${name}: ${value},\n`)
    .join('');
  return (
    `/** Numbers of {@link ${type.name}} on the wire. */\nexport const ${constant} = {\n${members}} as const;\n\n` +
    `${comment(type.comment, '')}export type ${type.name} = keyof typeof ${constant};\n`
  );
}

function kindOf(method: protobuf.Method): string {
  if (method.requestStream === true) return method.responseStream === true ? 'bidiStream' : 'clientStream';
  return method.responseStream === true ? 'serverStream' : 'unary';
}

function serviceText(service: protobuf.Service): string {
  const shapes = service.methodsArray
    .map((method) => {
      const [request, response] = [method.resolvedRequestType?.name, method.resolvedResponseType?.name];
      const members =
        `kind: '${kindOf(method)}'; request: ${request}; requestInput: ${request}Input; ` +
        `response: ${response}; responseInput: ${response}Input`;
      return `${comment(method.comment, '  ')}  ${method.name}: { ${members} };\n`;
    })
    .join('');
  const methods = service.methodsArray
    .map((method) => `    ${method.name}: { kind: '${kindOf(method)}' },\n`)
    .join('');
  const shapeName = `${service.name}Shape`;
  return (
    `/** Methods of {@link ${service.name}}, for the compiler. */\n` +
    `export type ${shapeName} = {\n${shapes}};\n\n${comment(service.comment, '')}` +
    `export const ${service.name}: ServiceDescriptor<${shapeName}> = {\n` +
    `  typeName: '${service.fullName.slice(1)}',\n  methods: {\n${methods}  },\n};\n`
  );
}

function entryText(entry: protobuf.ReflectionObject): string {
  if (entry instanceof protobuf.Type) return messageText(entry);
  if (entry instanceof protobuf.Enum) return enumText(entry);
  if (entry instanceof protobuf.Service) return serviceText(entry);
  throw new Error(`no TypeScript is known for ${entry.fullName}`);
}

function areaText(area: protobuf.Namespace): string {
  const entries = area.nestedArray.map(entryText);
  const hasService = area.nestedArray.some((entry) => entry instanceof protobuf.Service);
  const imports = hasService
    ? "import type { ServiceDescriptor } from '../definitions/service-shape.js';\n\n"
    : '';
  return `${HEADER}${imports}${entries.join('\n')}`;
}

/**
 * Writes the TypeScript types of the protocol: one file an area (`kubehero.<area>.v1`). The same definitions give
 * the same bytes. Areas MUST NOT use each other's messages.
 */
export function generateTypes(root: protobuf.Root): readonly GeneratedFile[] {
  const top = root.lookup('kubehero');
  if (!(top instanceof protobuf.Namespace)) throw new Error("the .proto files have no package 'kubehero'");
  return top.nestedArray
    .map((area) => ({ area, version: (area as protobuf.Namespace).lookup('v1') }))
    .map(({ area, version }) => ({
      name: `${area.name}.gen.ts`,
      text: areaText(version as protobuf.Namespace),
    }))
    .sort((left, right) => left.name.localeCompare(right.name));
}
