export { answer, lookupFile, openLookup, type LookupSource } from './commands/lookup.js';
export { refreshFolder, refreshNotes, type FolderRefresh } from './commands/refresh.js';
export { exportFolder, importFolder, type FolderImport } from './commands/snapshot.js';
export { PricingError, type PricingErrorCode } from './errors.js';
export { parseAt, parseLookupLine, type LookupQuestion } from './lookup-query.js';
export { applyRefresh, type RefreshOptions, type RefreshReport } from './refresh.js';
export { parseSource, SOURCE_NAMES, type ParsedSource, type SourceName } from './sources/index.js';
