import type { PriceRow } from '@kubehero/domain';
import { keepHeapSmall, releaseGarbage } from '@kubehero/runtime';
import type { OnlineOutcome } from '../fetch/online.js';
import { FolderStore } from '../folder/folder-store.js';
import { applyRefresh, type RefreshReport } from '../refresh.js';
import { parseSource, type SourceName } from '../sources/index.js';
import { inputFile } from '../stream/input.js';

/** A refresh of a catalogue folder from files. */
export interface FolderRefresh {
  readonly source: SourceName;
  readonly files: readonly string[];
  readonly region?: string | undefined;
  readonly asOfMs: number;
  readonly nowMs: number;
  readonly catalogue: string;
  readonly accept: readonly string[];
  /** Name of the person who lets them through. */
  readonly acceptedBy?: string | undefined;
  /** The files say all that there is about their regions, so what they lack is gone. */
  readonly replace: boolean;
  /** Also take list rates of reservations and savings plans, @default true */
  readonly commitments?: boolean;
}

/**
 * Adds what files say to a catalogue folder. Files are read before the folder is touched; then one version is written
 * whole. @throws PricingError, and then the folder is as it was
 */
export async function refreshFolder(refresh: FolderRefresh): Promise<RefreshReport> {
  keepHeapSmall();
  const store = new FolderStore(refresh.catalogue);
  const { source, region, commitments } = refresh;
  const products = source === 'aws-savings-plan' ? await offeredProducts(store) : undefined;
  const options = { region, commitments, products };
  const parsed = await parseSource(source, refresh.files.map(inputFile), options);
  releaseGarbage();
  return store.exclusively(() =>
    applyRefresh(store, parsed, {
      source: refresh.source,
      asOfMs: refresh.asOfMs,
      nowMs: refresh.nowMs,
      mode: refresh.replace ? 'replace' : 'add',
      accept: refresh.accept,
      acceptedBy: refresh.acceptedBy,
    }),
  );
}

/** Machines of the on-demand lists in a folder by SKU: what rates of savings plans are joined to. */
async function offeredProducts(store: FolderStore): Promise<ReadonlyMap<string, PriceRow>> {
  const products = new Map<string, PriceRow>();
  for await (const { facts, items } of store.parts()) {
    if (facts.source !== 'aws-offer') continue;
    for (const item of items) {
      if (item.kind === 'price' && item.resource === 'instance') products.set(item.sku, item);
    }
  }
  return products;
}

/** Sentences about a refresh for people: what is held back and what was noticed. */
export function refreshNotes(
  report: Pick<RefreshReport, 'quarantined' | 'accepted' | 'warnings'>,
): readonly string[] {
  const held = report.quarantined.map(
    ({ region, family, purchaseModel, reasons }) =>
      `quarantined ${region}/${family} (${purchaseModel}): ${reasons.join('; ')}: the last good prices stay, let it through with --accept '${region}/${family}'`,
  );
  const accepted = report.accepted.map(
    ({ region, family, purchaseModel, reasons, acceptedBy }) =>
      `${region}/${family} (${purchaseModel}) goes live by ${acceptedBy}: ${reasons.join('; ')}`,
  );
  return [...held, ...accepted, ...report.warnings];
}

/** Sentences about one source of a refresh from the services. */
export function onlineNotes(found: OnlineOutcome): readonly string[] {
  if (found.outcome === 'failed') return [found.error.message];
  return found.outcome === 'refreshed' ? refreshNotes(found.report) : [];
}
