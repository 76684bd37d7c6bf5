export { decodeNativeBlocks, type NativeBlock } from './columns/native-answer.js';
export { encodeNativeBlock, type NativeColumn } from './columns/native.js';
export {
  encodePodCosts,
  PodCostColumns,
  RowState,
  type NativeInsert,
  type WideColumn,
} from './columns/pod-cost-columns.js';
export { openEmbeddedClickHouse, type EmbeddedClickHouseOptions } from './engines/embedded.js';
export { ClickHouseError, type ClickHouseEngine, type QueryParameters } from './engines/engine.js';
export {
  startClickHouseFront,
  type ClickHouseFront,
  type ClickHouseFrontOptions,
} from './engines/http-front.js';
export { connectClickHouse, type ClickHouseServerOptions } from './engines/server.js';
export { backupStatement, backupStatusQuery, type BackupPlace, type BackupState } from './schema/backup.js';
export {
  LEVELS,
  MEASURES,
  NAMESPACE_TABLE_OF,
  renderTables,
  SECONDS_OF,
  storedTables,
  TABLE_OF,
  type ColdStorage,
  type Level,
  type TableOptions,
} from './schema/tables.js';
