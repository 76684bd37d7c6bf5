import type { Logger } from '@kubehero/runtime';
import type { Database, Kysely } from '@kubehero/store-postgres';
import type { Capability } from '../capability.js';
import type { NodeRegistry } from '../ingest/node-registry.js';
import type { PriceBook } from './price-book.js';
import { PriceWatch } from './price-watch.js';
import { pricingService } from './pricing-service.js';

/** What the prices work with. */
export interface PricesCapabilityOptions {
  readonly db: Kysely<Database>;
  readonly logger: Logger;
  readonly book: PriceBook;
  readonly registry: NodeRegistry;
  /** Reporting currency. */
  readonly currency: string;
}

/** Prices as a part of the control plane: what changes in the catalogue reaches nodes, and anybody can ask why. */
export function pricesCapability(options: PricesCapabilityOptions): Capability {
  const { book, registry, logger } = options;
  return {
    unary: [pricingService(options)],
    leadership: new PriceWatch({ book, registry, logger }),
  };
}
