export { LiveBusError, type BusHealth, type BusListener, type LiveBus } from './live-bus.js';
export { inProcessBus, type InProcessBusOptions } from './in-process-bus.js';
export { connectValkey, type ValkeyOptions } from './valkey-bus.js';
export type { Access, Address } from './glide.js';
