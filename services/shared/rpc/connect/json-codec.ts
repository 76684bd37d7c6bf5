import protobuf from 'protobufjs';
import { RpcError } from '../errors.js';
import {
  defaultScalar,
  readScalar,
  refuseJson,
  writeScalar,
  type JsonObject,
  type JsonValue,
} from './json-scalars.js';

/** How strictly JSON is read. */
export interface JsonReadOptions {
  /** `refuse` tells whoever wrote the request about a mistyped name; `ignore` accepts what newer programs say. */
  readonly unknownFields: 'refuse' | 'ignore';
}

const MAX_DEPTH = 32;

interface ReadState extends JsonReadOptions {
  readonly depth: number;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** Fields by both of their JSON names: lowerCamelCase, and as in the .proto file. */
function findField(type: protobuf.Type, name: string): protobuf.Field | undefined {
  if (Object.hasOwn(type.fields, name)) return type.fields[name];
  const camel = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  // Only a name that really has underscores is an original one; "costuSd" must not slip through.
  return name.includes('_') && Object.hasOwn(type.fields, camel) ? type.fields[camel] : undefined;
}

/** True for `optional` scalars: absent is told apart from the default. */
function hasPresence(field: protobuf.Field): boolean {
  return field.partOf !== null;
}

function readEnum(type: protobuf.Enum, value: JsonValue, path: string): string | number {
  if (typeof value === 'string' && Object.hasOwn(type.values, value)) return value;
  // Unknown numbers are kept: enumerations are open in proto3.
  if (typeof value === 'number' && Number.isInteger(value)) return type.valuesById[value] ?? value;
  return refuseJson(path, value, `give one of ${Object.keys(type.values).join(', ')}`);
}

function readSingular(field: protobuf.Field, value: JsonValue, state: ReadState & { path: string }): unknown {
  const type = field.resolvedType;
  if (type instanceof protobuf.Enum) return readEnum(type, value, state.path);
  if (type instanceof protobuf.Type) return readMessage(type, value, { ...state, depth: state.depth + 1 });
  return readScalar(field.type, value, state.path);
}

function readField(field: protobuf.Field, value: JsonValue, state: ReadState & { path: string }): unknown {
  const { path } = state;
  if (field instanceof protobuf.MapField) {
    if (!isObject(value)) return refuseJson(path, value, 'give an object');
    const entries = Object.entries(value).map(
      ([key, item]) => [key, readSingular(field, item, { ...state, path: join(path, key) })] as const,
    );
    return Object.fromEntries(entries);
  }
  if (!field.repeated) return readSingular(field, value, state);
  if (!Array.isArray(value)) return refuseJson(path, value, 'give an array');
  return (value as readonly JsonValue[]).map((item, index) =>
    readSingular(field, item, { ...state, path: `${path}[${index}]` }),
  );
}

function defaultOf(field: protobuf.Field): unknown {
  if (field.map) return {};
  if (field.repeated) return [];
  if (field.resolvedType instanceof protobuf.Enum) {
    return field.resolvedType.valuesById[0] ?? 0;
  }
  return field.resolvedType === null ? defaultScalar(field.type) : null;
}

function defaultMessage(type: protobuf.Type): Record<string, unknown> {
  const fields = type.fieldsArray.filter((field) => !hasPresence(field));
  return Object.fromEntries(fields.map((field) => [field.name, defaultOf(field)]));
}

function noteOneof(field: protobuf.Field, message: Record<string, unknown>, path: string): void {
  const oneof = field.partOf;
  if (oneof === null) return;
  const present = message[oneof.name] as string | undefined;
  if (present !== undefined) {
    throw new RpcError('invalid_argument', `${path} and ${present} exclude each other: give one of them`);
  }
  message[oneof.name] = field.name;
}

function readMessage(
  type: protobuf.Type,
  value: JsonValue,
  state: ReadState & { readonly path: string },
): Record<string, unknown> {
  if (!isObject(value)) return refuseJson(state.path, value, 'give an object');
  if (state.depth > MAX_DEPTH) return refuseJson(state.path, '...', `nest at most ${MAX_DEPTH} objects`);
  const message = defaultMessage(type);
  const seen = new Set<protobuf.Field>();
  for (const [name, item] of Object.entries(value)) {
    const path = join(state.path, name);
    const field = findField(type, name);
    if (field === undefined) {
      if (state.unknownFields === 'ignore') continue;
      const names = type.fieldsArray.map((known) => known.name).join(', ');
      throw new RpcError('invalid_argument', `${path} is no field: known fields are ${names || 'none'}`);
    }
    if (seen.has(field)) return refuseJson(path, item, 'the field is given twice');
    seen.add(field);
    // null means the default (the JSON mapping of proto3).
    if (item === null) continue;
    noteOneof(field, message, path);
    message[field.name] = readField(field, item, { ...state, path });
  }
  return message;
}

/**
 * Reads a message from its proto3 JSON form, in the shape in which messages are received over gRPC: every field
 * without presence is there, 64-bit integers are strings, bytes are buffers, enumerations are names.
 *
 * @throws RpcError `invalid_argument` that names the field
 */
export function messageFromJson(
  type: protobuf.Type,
  value: JsonValue,
  options: JsonReadOptions,
): Record<string, unknown> {
  return readMessage(type, value, { ...options, depth: 1, path: '' });
}

function writeSingular(field: protobuf.Field, value: unknown): JsonValue {
  const type = field.resolvedType;
  if (type instanceof protobuf.Type) return messageToJson(type, value as Record<string, unknown>);
  if (type instanceof protobuf.Enum) {
    return typeof value === 'number' ? (type.valuesById[value] ?? value) : (value as string);
  }
  return writeScalar(field.type, value);
}

function writeField(field: protobuf.Field, value: unknown): JsonValue {
  if (field instanceof protobuf.MapField) {
    const entries = Object.entries(value as Record<string, unknown>);
    return Object.fromEntries(entries.map(([key, item]) => [key, writeSingular(field, item)]));
  }
  if (field.repeated) return (value as readonly unknown[]).map((item) => writeSingular(field, item));
  return writeSingular(field, value);
}

/**
 * Writes a message in its proto3 JSON form with the fields in the order of the .proto file. Fields that have their
 * default are written too (absent messages as null), so that a reader needs no definitions; only `optional` and
 * `oneof` fields are left out where they are absent.
 */
export function messageToJson(type: protobuf.Type, message: Readonly<Record<string, unknown>>): JsonObject {
  const json: Record<string, JsonValue> = {};
  for (const field of type.fieldsArray) {
    const value = message[field.name];
    if (value !== undefined && value !== null) json[field.name] = writeField(field, value);
    else if (!hasPresence(field)) {
      const absent = defaultOf(field);
      json[field.name] = absent === null ? null : writeField(field, absent);
    }
  }
  return json;
}
