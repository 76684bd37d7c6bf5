export { Evaluator } from './budgets/evaluator.js';
export { planPolicies, type Plan } from './budgets/policy-plan.js';
export { makeLoginToken } from './clusters/admin-services.js';
export { issueClusterCertificate } from './clusters/cluster-registry.js';
export {
  clickhouseSettings,
  controlPlaneSettings,
  postgresSettings,
  toClickHouseUrl,
  toPostgresUrl,
  type ControlPlaneSettings,
} from './config.js';
export { ControlPlane, type ControlPlaneOptions } from './control-plane.js';
export type { NetworkPrices, PriceSourceOptions, UnitPrices } from './ingest/price-source.js';
export { standardPrices } from './ingest/standard-prices.js';
export { runControlPlane } from './main.js';
export { DEFAULT_LIMITS } from './ingest/columns.js';
export { IdentityMirror } from './ingest/identity-mirror.js';
export { IngestMetrics } from './ingest/ingest-metrics.js';
export { Ingest } from './ingest/ingest.js';
export { MinuteGuard, minuteKey } from './ingest/minute-guard.js';
export { NodeDictionary } from './ingest/node-dictionary.js';
export { NodeRegistry } from './ingest/node-registry.js';
export { PriceSource, shippedCatalogues } from './ingest/price-source.js';
export { PriceBook } from './prices/price-book.js';
export { priceSettings, type PriceSettings } from './prices/price-settings.js';
export { PriceWatch } from './prices/price-watch.js';
export { pricingService } from './prices/pricing-service.js';
export type { Session } from './ingest/session.js';
export { planSegments, type DirtyStarts, type Segment } from './query/segments.js';
export type { CostQuestion } from './query/cost-answer.js';
export { CostQuery } from './query/cost-query.js';
export { NameDirectory } from './query/names.js';
export { Repricer, type RepricerOptions } from './reprice/repricer.js';
export { Rollup } from './rollup/rollup.js';
