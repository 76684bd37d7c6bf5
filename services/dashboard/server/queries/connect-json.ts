import { ControlPlaneError } from '../control-plane-client.js';

/**
 * Readers of proto3 JSON (https://protobuf.dev/programming-guides/json/): a field with its default value may be
 * absent or null, and 64-bit integers are texts.
 */

/** A message. @throws ControlPlaneError MALFORMED */
export function readMessage(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw malformed(name);
}

/** A repeated field. @throws ControlPlaneError MALFORMED */
export function readList(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value as unknown[];
  throw malformed(name);
}

/** A string field. @throws ControlPlaneError MALFORMED */
export function readString(value: unknown, name: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  throw malformed(name);
}

/** A number, or a 64-bit integer as text that need not be exact here. @throws ControlPlaneError MALFORMED */
export function readNumber(value: unknown, name: string): number {
  if (value === undefined || value === null) return 0;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw malformed(name);
}

/** Picounits as digits; absent is zero. @throws ControlPlaneError MALFORMED */
export function readPico(value: unknown, name: string): string {
  const text = value === undefined || value === null || value === '' ? '0' : value;
  if (typeof text === 'string' && /^-?\d{1,38}$/.test(text)) return text;
  throw malformed(name);
}

/** An RFC 3339 instant as a unix second; absent is 0. @throws ControlPlaneError MALFORMED */
export function readInstant(value: unknown, name: string): number {
  const text = readString(value, name);
  const ms = text === '' ? 0 : Date.parse(text);
  if (Number.isNaN(ms)) throw malformed(name);
  return Math.floor(ms / 1000);
}

/** A map of strings. @throws ControlPlaneError MALFORMED */
export function readStringMap(value: unknown, name: string): Record<string, string> {
  const map: Record<string, string> = {};
  for (const [key, text] of Object.entries(readMessage(value, name))) map[key] = readString(text, key);
  return map;
}

function malformed(name: string): ControlPlaneError {
  return new ControlPlaneError('MALFORMED', `control plane's answer has no readable ${name}`);
}
