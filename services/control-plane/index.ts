export { makeLoginToken } from './clusters/admin-services.js';
export { ControlPlane, type ControlPlaneOptions } from './control-plane.js';
export type { PriceSourceOptions, UnitPrices } from './ingest/price-source.js';
