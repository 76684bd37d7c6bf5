export { connectPostgres, pingPostgres, type PostgresOptions, poolUsage } from './connect.js';
export {
  EmbeddedPostgresError,
  startEmbeddedPostgres,
  type EmbeddedPostgresOptions,
  type EmbeddedPostgresServer,
} from './embedded/embedded-postgres.js';
export { migratePostgres } from './migrations/index.js';
export type { Database } from './schema.js';
export {
  addRepricedActivations,
  listActivations,
  listRepricedActivations,
  pinActivation,
  type ActivationRecord,
  type ActivationRow,
  type RepricedActivationRow,
} from './repositories/activations.js';
export {
  listBudgetEnforcement,
  listBudgetPolicies,
  listBudgetSpend,
  listBudgetVerdicts,
  listIdentityLabels,
  listLabelledClusters,
  listNodeIdentities,
  removeBudgetVerdicts,
  replaceBudgetPolicies,
  saveBudgetEnforcement,
  saveBudgetSpend,
  saveBudgetVerdicts,
  type BudgetEnforcementRow,
  type BudgetPolicyRow,
  type BudgetSpendRow,
  type BudgetVerdictRow,
  type LabelledCluster,
} from './repositories/budgets.js';
export {
  addBudgetActionKey,
  addBudgetActions,
  listBudgetActions,
  tryFindBudgetActionHash,
  tryFindBudgetActionKey,
  type ActionChainName,
  type BudgetActionRow,
} from './repositories/budget-actions.js';
export {
  addCluster,
  labelCluster,
  listClusters,
  findIdentities,
  listIdentities,
  listNamespaces,
  listNodes,
  markNodesGone,
  tryFindClusterByName,
  upsertIdentities,
  upsertNamespaces,
  upsertNode,
  type ClusterRow,
  type IdentityRecord,
  type IdentityRow,
  type NodeRow,
} from './repositories/directory.js';
export {
  addClusterCertificate,
  listClusterRegistrations,
  listEndedAccess,
  removeCluster,
  replaceClusterCertificates,
  type ClusterCertificateRecord,
  type ClusterRegistration,
  type EndedAccess,
} from './repositories/cluster-certificates.js';
export {
  listInventory,
  listInventoryRevisions,
  pruneInventory,
  saveInventory,
  type InventoryChanges,
  type InventoryRow,
} from './repositories/inventory.js';
export {
  acquireLease,
  asLeader,
  NotLeaderError,
  releaseLease,
  tryFindLeader,
  type LeaseTerm,
} from './repositories/lease.js';
export { readCoverage, type Coverage, type CoverageQuestion } from './repositories/coverage.js';
export {
  addToLedger,
  listGaps,
  listProgress,
  markDirty,
  replaceGaps,
  saveProgress,
  type MinuteIncrement,
  type NodeGapRecord,
  type NodeProgressRecord,
} from './repositories/progress.js';
export {
  addReprice,
  beginReprice,
  countDirty,
  finishRepriceBatch,
  listIdentityOrder,
  listLedger,
  listNodeSpecs,
  listReprices,
  listRepriceMinutes,
  listRepriceSums,
  replaceLedger,
  saveRepriceBatch,
  setRepriceStatus,
  tryFindOpenReprice,
  tryFindReprice,
  type ClusterMinute,
  type LedgerMinute,
  type RepriceBatch,
  type RepriceRequest,
  type RepriceRow,
  type RepriceSum,
  type RepriceTotal,
} from './repositories/reprices.js';
export {
  countMismatch,
  finishRollup,
  listDirtyStarts,
  listDirtyMinutes,
  listDirtyPeriods,
  reconcileLedger,
  type DirtyPeriod,
  type RollupLevel,
} from './repositories/rollups.js';
export {
  addLoginToken,
  redeemLoginToken,
  saveAuthority,
  tryFindAuthority,
  type StoredAuthority,
} from './repositories/security.js';
export {
  addPriceVersion,
  asOnlyPriceWriter,
  currentPriceVersion,
  listNodeRegions,
  listPriceParts,
  listPriceQuarantine,
  putPricePart,
  putPriceQuarantine,
  tryFindPricePart,
  type PriceDocumentRecord,
  type PricePartRecord,
  type PriceQuarantineRecord,
  type PriceRowRecord,
  type PriceScope,
  type StoredPricePart,
} from './repositories/price-catalogue.js';
export {
  addPriceAcceptances,
  listPriceAcceptances,
  type PriceAcceptanceRecord,
} from './repositories/price-acceptances.js';
export {
  countPriceChanges,
  listPriceChanges,
  listPricePartStates,
  searchPrices,
  tryFindPriceVersion,
  type FoundPriceRow,
  type PriceChangeCount,
  type PriceChangeRow,
  type PricePartState,
  type PriceSearch,
  type PriceVersionRow,
} from './repositories/price-status.js';
export { loadPriceSlice, type PriceSliceQuery } from './repositories/price-slice.js';
export {
  loadPriceCatalogue,
  priceItemsOf,
  toPriceRecords,
  type PriceItem,
} from './repositories/price-items.js';
export { sql } from 'kysely';
export type { Kysely, Transaction } from 'kysely';
