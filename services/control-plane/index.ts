export { makeLoginToken } from './clusters/admin-services.js';
export { controlPlaneSettings, postgresSettings, toPostgresUrl, type ControlPlaneSettings } from './config.js';
export { ControlPlane, type ControlPlaneOptions } from './control-plane.js';
export type { PriceSourceOptions, UnitPrices } from './ingest/price-source.js';
export { standardPrices } from './ingest/standard-prices.js';
export { runControlPlane } from './main.js';
