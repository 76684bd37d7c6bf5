import { RpcError } from '../errors.js';

/** A value that JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

const INTEGER_RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  sfixed32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sint64: [-(2n ** 63n), 2n ** 63n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
};

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
const DECIMAL = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
/** Not encodable in UTF-8. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const DIGITS = /^-?(0|[1-9]\d*)$/;
const SPECIAL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);
const MAX_SHOWN = 60;

/** Refuses a value of a request. @throws RpcError `invalid_argument`, always */
export function refuseJson(path: string, value: unknown, allowed: string): never {
  const shown = (JSON.stringify(value) ?? String(value)).slice(0, MAX_SHOWN);
  throw new RpcError('invalid_argument', `${path === '' ? 'the request' : path} is ${shown}: ${allowed}`);
}

/** True where a scalar type has 64 bits, which JSON holds as a string of digits. */
function isWide(type: string): boolean {
  return type.endsWith('64');
}

function readInteger(type: string, value: JsonValue, path: string): number | string {
  const range = INTEGER_RANGES[type] ?? [0n, 0n];
  const allowed = `give a whole number from ${range[0]} to ${range[1]}`;
  if (typeof value !== 'number' && typeof value !== 'string') return refuseJson(path, value, allowed);
  const integer = toInteger(value);
  if (integer === undefined || integer < range[0] || integer > range[1]) {
    return refuseJson(path, value, allowed);
  }
  return isWide(type) ? integer.toString() : Number(integer);
}

function toInteger(value: number | string): bigint | undefined {
  // Digits are read as they are; "1e3" and 1.0 are whole numbers too, within what a double holds exactly.
  if (typeof value === 'string' && DIGITS.test(value)) return BigInt(value);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) return undefined;
  return typeof value === 'number' || DECIMAL.test(value) ? BigInt(number) : undefined;
}

function readFloat(type: string, value: JsonValue, path: string): number {
  const allowed = 'give a number, "NaN", "Infinity" or "-Infinity"';
  if (typeof value === 'string') {
    const special = SPECIAL_NUMBERS.get(value);
    if (special !== undefined) return special;
    if (!DECIMAL.test(value)) return refuseJson(path, value, allowed);
  } else if (typeof value !== 'number') {
    return refuseJson(path, value, allowed);
  }
  const number = Number(value);
  const fits = Number.isFinite(type === 'float' ? Math.fround(number) : number);
  return fits ? number : refuseJson(path, value, `give a number that a ${type} can hold`);
}

function readBytes(value: JsonValue, path: string): Buffer {
  if (typeof value !== 'string' || !BASE64.test(value)) return refuseJson(path, value, 'give base64');
  return Buffer.from(value, 'base64');
}

/** Reads a scalar of a proto type from JSON. @throws RpcError `invalid_argument` */
export function readScalar(type: string, value: JsonValue, path: string): unknown {
  if (type in INTEGER_RANGES) return readInteger(type, value, path);
  if (type === 'double' || type === 'float') return readFloat(type, value, path);
  if (type === 'bytes') return readBytes(value, path);
  if (type === 'bool')
    return typeof value === 'boolean' ? value : refuseJson(path, value, 'give true or false');
  if (typeof value === 'string' && !LONE_SURROGATE.test(value)) return value;
  return refuseJson(path, value, 'give a text');
}

/** Writes a scalar of a proto type as JSON. */
export function writeScalar(type: string, value: unknown): JsonValue {
  if (isWide(type)) return BigInt(value as string | number).toString();
  if (type === 'bytes') return Buffer.from(value as Uint8Array).toString('base64');
  if ((type === 'double' || type === 'float') && !Number.isFinite(value)) return String(value);
  return value as JsonValue;
}

/** What a scalar field without a value is, as it is received. */
export function defaultScalar(type: string): unknown {
  if (isWide(type)) return '0';
  if (type === 'bytes') return Buffer.alloc(0);
  if (type === 'bool') return false;
  return type === 'string' ? '' : 0;
}
