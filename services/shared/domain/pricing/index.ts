export { BUILT_IN_VERSION, builtInCatalogue, builtInRows } from './built-in.js';
export {
  buildCatalogue,
  judgedAt,
  layerCatalogues,
  selectRow,
  type Catalogue,
  type CataloguePart,
  type CatalogueRow,
  type RowFilter,
  type Selection,
} from './catalogue.js';
export {
  amortisedPricePerHour,
  matchesNode,
  type CustomSheet,
  type NodeMatch,
  type OwnedHardware,
  type SheetNode,
  type SheetUnits,
} from './custom-sheet.js';
export {
  add as addDecimals,
  compare as compareDecimals,
  divide as divideDecimals,
  formatDecimal,
  fromUnitsAndNanos,
  isPositive as isPositiveDecimal,
  multiply as multiplyDecimals,
  roundPrice,
  toDecimal,
  tryParseDecimal,
  type Decimal,
} from './decimal.js';
export { applyDiscount, discountApplies, type Discount } from './discount.js';
export { listCommitments, type ListedCommitment } from './commitment.js';
export { commitmentName, effectiveCommitmentPrice } from './commitment-rate.js';
export { convertPrice, type Conversion } from './conversion.js';
export { composeGcpPrice, type Composition, type NotComposed } from './gcp-compose.js';
export {
  judgeRefresh,
  LIST_LIMITS,
  SPOT_LIMITS,
  type GateLimits,
  type GateOptions,
  type GateResult,
  type GateVerdict,
} from './gate.js';
export { gcpShapeByName, gcpSharedCoreVcpus, gpuModelKey, parseGcpCustomType } from './gcp-shapes.js';
export { toNodeFacts, tryParseQuantity, type NodeFacts } from './node-facts.js';
export { identifyNode, regionOfZone, type NodeIdentity } from './node-identity.js';
export {
  priceKey,
  type CommitmentRate,
  type MachineShape,
  type PricedOs,
  type PricedResource,
  type PriceRow,
  type PriceSource,
  type PriceTier,
  type Provider,
  type PurchaseModel,
} from './price-row.js';
export type { MachineQuery, PriceAnswer, ResourceQuery } from './query.js';
export { commitmentsOf } from './answer.js';
export { priceRegionOf } from './machine-price.js';
export { lookupMachine, lookupResource, type LookupOptions } from './resolve.js';
export { machineOfNode, resolveNodePrice, type NodePriceOptions } from './resolve-node.js';
