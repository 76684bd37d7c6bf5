import {
  builtInCatalogue,
  identifyNode,
  layerCatalogues,
  priceRegionOf,
  type Catalogue,
  type NodeFacts,
} from '@kubehero/domain';
import { currentPriceVersion, loadPriceSlice, type Database, type Kysely } from '@kubehero/store-postgres';

/** The part of a price catalogue that a machine is looked up in. */
export interface PricedBy {
  readonly catalogue: Catalogue;
  /** Version of the stored catalogue; 0 before the first refresh, when the shipped list alone answers. */
  readonly version: number;
}

/** What the book works with. */
export interface PriceBookOptions {
  readonly db: Kysely<Database>;
  /** Epoch seconds; validity of custom sheets is judged at it. */
  readonly nowS: () => number;
}

/** A machine as far as its row in a catalogue goes. */
export type MachineKind = Pick<
  ReturnType<typeof identifyNode>,
  'provider' | 'region' | 'zone' | 'instanceType'
>;

const MAX_SLICES = 1000;

/**
 * The catalogue of PostgreSQL, read by kinds of machines as they are asked for, with the list that ships with the
 * product behind it. Holds at most {@link MAX_SLICES} kinds, some hundred rows each, however large the catalogue is.
 */
export class PriceBook {
  readonly #options: PriceBookOptions;
  readonly #shipped = builtInCatalogue();
  readonly #slices = new Map<string, Promise<Catalogue>>();
  #version: number | undefined;

  constructor(options: PriceBookOptions) {
    this.#options = options;
  }

  /**
   * Looks whether a new version is in force, and forgets what was read of the one before.
   *
   * @returns true where the version changed
   */
  async refresh(): Promise<boolean> {
    const version = await currentPriceVersion(this.#options.db);
    if (version === this.#version) return false;
    this.#version = version;
    this.#slices.clear();
    return true;
  }

  /** The catalogue as far as a node's price needs it. @throws the database's error */
  catalogueFor(facts: NodeFacts): Promise<PricedBy> {
    return this.catalogueOf(identifyNode(facts));
  }

  /** The catalogue as far as the price of such machines needs it. @throws the database's error */
  async catalogueOf(kind: MachineKind): Promise<PricedBy> {
    if (this.#version === undefined) await this.refresh();
    const version = this.#version ?? 0;
    const stored = await this.#slice(kind);
    const catalogue = layerCatalogues(stored, this.#shipped, this.#options.nowS() * 1000);
    return { catalogue, version };
  }

  #slice(kind: MachineKind): Promise<Catalogue> {
    const { provider, instanceType } = kind;
    const region = priceRegionOf(provider, kind.region, kind.zone);
    const key = JSON.stringify([provider, region, instanceType.toLowerCase()]);
    const known = this.#slices.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#slices.keys();
    if (this.#slices.size >= MAX_SLICES && oldest !== undefined) this.#slices.delete(oldest);
    const slice = loadPriceSlice(this.#options.db, { provider, region, instanceType });
    this.#slices.set(key, slice);
    slice.catch(() => {
      if (this.#slices.get(key) === slice) this.#slices.delete(key);
    });
    return slice;
  }
}
