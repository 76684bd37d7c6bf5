export { divide, multiplyDivide, ShareScratch, type Division } from './allocation/share.js';
export {
  splitByResource,
  type NodeCapacity,
  type ResourceParts,
  type ResourceWeights,
} from './allocation/resource-split.js';
export { NodeSecondAllocator, type NodePrice, type SecondUsage } from './allocation/node-second.js';
export {
  chargeNetwork,
  MAX_NETWORK_RATE,
  type ChargeableTraffic,
  type NetworkRates,
} from './allocation/network-charge.js';
export { formatPicounits, MoneyError, parsePicounits, PICOUNITS_PER_UNIT } from './money/picounits.js';
export {
  costOfSecond,
  costOfSpan,
  MAX_PICOUNITS_PER_HOUR,
  toPriceCurve,
  type PriceCurve,
} from './money/price-curve.js';
export {
  formatInstant,
  parseDuration,
  parseInstant,
  toWindow,
  WindowError,
  type Window,
} from './windows/window.js';
export { GapList, type Gap } from './windows/gap-list.js';
export * from './pricing/index.js';
export * from './budgets/index.js';
export * from './audit/index.js';
export * from './network/index.js';
