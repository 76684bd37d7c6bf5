import type { Logger } from '@kubehero/runtime';
import type { Database, Kysely } from '@kubehero/store-postgres';
import type { Capability } from '../capability.js';
import type { NodeRegistry } from '../ingest/node-registry.js';
import type { PriceBook } from './price-book.js';
import { PriceWatch } from './price-watch.js';

/** What the prices work with. */
export interface PricesCapabilityOptions {
  readonly db: Kysely<Database>;
  readonly logger: Logger;
  readonly book: PriceBook;
  readonly registry: NodeRegistry;
}

/** Prices as a part of the control plane: what changes in the catalogue reaches nodes. */
export function pricesCapability(options: PricesCapabilityOptions): Capability {
  const { book, registry, logger } = options;
  return { leadership: new PriceWatch({ book, registry, logger }) };
}
