import { ClickHouseError } from './engine.js';

/** Server codes after which the same statement may succeed later: timeouts, overload, memory, disk, lost sessions, read-only. */
const TRANSIENT = new Set([
  '159',
  '160',
  '198',
  '202',
  '209',
  '210',
  '225',
  '236',
  '241',
  '242',
  '243',
  '252',
  '279',
  '999',
]);
const STATEMENT_CODE = /^\d+$/;

/**
 * Classes an error of the client by its server code (the embedded engine's errors are of another class than the
 * client's, but carry the same code).
 *
 * @returns `REJECTED` for errors of the statement, `UNAVAILABLE` for those of transport, overload and disk
 */
export function toClickHouseError(error: unknown): ClickHouseError {
  if (error instanceof ClickHouseError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const isStatement = STATEMENT_CODE.test(code) && !TRANSIENT.has(code);
  return new ClickHouseError(isStatement ? 'REJECTED' : 'UNAVAILABLE', `clickhouse: ${message}`, {
    cause: error,
  });
}
