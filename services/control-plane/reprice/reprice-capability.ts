import type { Capability } from '../capability.js';
import { Repricer, type RepricerOptions } from './repricer.js';
import { repriceService, type RepriceServiceOptions } from './reprice-service.js';

/** Corrections of the past as a part of the control plane: administrators ask for them, the leader carries them out. */
export function repriceCapability(options: RepricerOptions & RepriceServiceOptions): Capability {
  return { administration: [repriceService(options)], leadership: new Repricer(options) };
}
