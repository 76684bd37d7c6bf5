import { buildCatalogue, type Catalogue } from '@kubehero/domain';
import type { CatalogueItem } from '../catalogue-store.js';
import { PricingError } from '../errors.js';
import type { FolderStore, Manifest, PartVersion } from './folder-store.js';

const MAX_VIEWS = 8;

/**
 * What a part is read from for an instant: its state of then, the newest that was refreshed for no later, else the
 * oldest. A spot history also tells afterwards what was paid between two refreshes, so its newest state counts too.
 */
function statesAt(history: readonly PartVersion[], atMs: number | undefined): readonly PartVersion[] {
  const newest = history.at(-1);
  if (newest === undefined) return [];
  if (atMs === undefined) return [newest];
  const state = history.findLast(({ asOf }) => Date.parse(asOf) <= atMs) ?? history[0] ?? newest;
  return newest.source === 'aws-spot-history' && newest !== state ? [state, newest] : [state];
}

/** Catalogues of a folder by instant, read as they are asked for; the few last used are kept. */
export class FolderLookup {
  readonly #views = new Map<string, Catalogue>();

  constructor(
    private readonly store: FolderStore,
    private readonly manifest: Manifest,
    private readonly extra: readonly CatalogueItem[] = [],
  ) {}

  /** @throws PricingError CATALOGUE when the folder holds no catalogue */
  static async open(store: FolderStore, extra: readonly CatalogueItem[] = []): Promise<FolderLookup> {
    const manifest = await store.manifest();
    if (manifest.version === 0 && extra.length === 0) {
      throw new PricingError(
        'CATALOGUE',
        `${store.folder} holds no catalogue: run 'kubehero pricing refresh --catalogue ${store.folder}' first`,
      );
    }
    return new FolderLookup(store, manifest, extra);
  }

  /** The catalogue as it stood at `atMs`; the newest state of every part when undefined. */
  async at(atMs: number | undefined): Promise<Catalogue> {
    const states = Object.values(this.manifest.parts).flatMap((history) => statesAt(history, atMs));
    const key = states.map(({ key: part, file }) => `${part}@${file}`).join('\n');
    const known = this.#views.get(key);
    if (known !== undefined) return known;
    const parts = [];
    for (const state of states) {
      parts.push({ asOfMs: Date.parse(state.asOf), rows: await this.store.readItems(state) });
    }
    if (this.extra.length > 0) parts.push({ asOfMs: 0, rows: this.extra });
    const catalogue = buildCatalogue(parts);
    if (this.#views.size >= MAX_VIEWS) this.#views.delete(this.#views.keys().next().value ?? '');
    this.#views.set(key, catalogue);
    return catalogue;
  }
}
