export {
  answer,
  lookupFile,
  openDatabaseLookup,
  openLookup,
  type Lookup,
  type LookupSource,
} from './commands/lookup.js';
export { onlineNotes, refreshFolder, refreshNotes, type FolderRefresh } from './commands/refresh.js';
export { withPostgresCatalogue } from './commands/refresh-database.js';
export {
  exportFolder,
  exportFromSettings,
  importFolder,
  type FolderImport,
  type SnapshotTarget,
} from './commands/snapshot.js';
export { FolderStore } from './folder/folder-store.js';
export type { CatalogueChange, CatalogueItem, CatalogueStore } from './catalogue-store.js';
export { PricingError, type PricingErrorCode } from './errors.js';
export { parseAt, parseLookupLine, type LookupQuestion } from './lookup-query.js';
export { applyRefresh, type RefreshOptions, type RefreshReport } from './refresh.js';
export { parseSource, SOURCE_NAMES, type ParsedSource, type SourceName } from './sources/index.js';
export {
  PUBLIC_HOSTS,
  refreshOnline,
  type OnlineOutcome,
  type OnStep,
  type OnlineRefresh,
  type PriceHosts,
} from './fetch/online.js';
export {
  openSpotClient,
  spotHistoryPages,
  type SpotClient,
  type SpotHistoryAccess,
} from './fetch/aws-spot-history.js';
export type { HttpContext } from './fetch/http.js';
export { pricingServeSettings, pricingSettings, type PricingSettings } from './config.js';
export { servePricing, type ServeOptions } from './serve.js';
export { openNetwork, type Network, type NetworkOptions } from './fetch/network.js';
export {
  importFromSettings,
  refreshFromServices,
  type ServicesContext,
} from './commands/refresh-services.js';
