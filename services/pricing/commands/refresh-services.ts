import { keepHeapSmall } from '@kubehero/runtime';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CatalogueStore } from '../catalogue-store.js';
import type { PricingSettings } from '../config.js';
import { openPriceDatabase } from '../database/open-database.js';
import { PricingError } from '../errors.js';
import { openNetwork } from '../fetch/network.js';
import { readGoogleAccount } from '../fetch/google-token.js';
import { refreshOnline, type OnlineOutcome, type OnlineRefresh, type OnStep } from '../fetch/online.js';
import { FolderStore } from '../folder/folder-store.js';
import { applyRefresh } from '../refresh.js';
import { importSnapshot, readVerifyingKey, type ImportReport } from '../snapshot/import.js';
import { readSnapshot, type FolderImport } from './snapshot.js';
import { parseSource } from '../sources/index.js';
import { inputFile } from '../stream/input.js';

/** What a refresh against the services needs besides its settings. */
export interface ServicesContext {
  readonly signal: AbortSignal;
  readonly nowMs: number;
  readonly accept: readonly string[];
  /** Name of the person who lets them through. */
  readonly acceptedBy?: string | undefined;
  /** Called once, before anything is fetched. */
  readonly onRegions: (regions: {
    readonly aws: readonly string[];
    readonly azure: readonly string[];
  }) => void;
  /** Called when a step begins, and with `done` equal to `total` at the end. */
  readonly onStep?: OnStep;
}

interface Target {
  /** Regions that nodes of the fleet are in, by cloud; empty for a folder, which knows no nodes. */
  readonly regions: (provider: 'aws' | 'azure') => Promise<readonly string[]>;
  readonly exclusively: <T>(work: (store: CatalogueStore) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

function folderTarget(folder: string): Target {
  const store = new FolderStore(folder);
  return {
    regions: () => Promise.resolve([]),
    exclusively: (work) => store.exclusively(() => work(store)),
    close: () => Promise.resolve(),
  };
}

async function postgresTarget(settings: PricingSettings): Promise<Target> {
  const db = await openPriceDatabase(settings);
  const { listNodeRegions } = await import('@kubehero/store-postgres');
  const { PostgresStore } = await import('../database/postgres-store.js');
  return {
    regions: (provider) => listNodeRegions(db, provider),
    exclusively: (work) => PostgresStore.exclusively(db, work),
    close: () => db.destroy(),
  };
}

async function guarded(what: string, work: () => Promise<OnlineOutcome>): Promise<OnlineOutcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PricingError) return { what, outcome: 'failed', error };
    throw error;
  }
}

async function fromFiles(
  store: CatalogueStore,
  settings: PricingSettings,
  context: ServicesContext,
): Promise<OnlineOutcome[]> {
  const outcomes: OnlineOutcome[] = [];
  const { customFile, snapshotFile, snapshotKeyFile, sources } = settings;
  const { nowMs, accept, acceptedBy } = context;
  if (sources.includes('custom') && customFile !== undefined) {
    outcomes.push(
      await guarded('custom', async () => {
        const parsed = await parseSource('custom', [inputFile(customFile)], {});
        const report = await applyRefresh(store, parsed, {
          source: 'custom',
          asOfMs: nowMs,
          nowMs,
          mode: 'replace',
          accept,
          acceptedBy,
        });
        return { what: 'custom', outcome: 'refreshed', report };
      }),
    );
  }
  if (sources.includes('snapshot') && snapshotFile !== undefined) {
    outcomes.push(
      await guarded('snapshot', () => fromSnapshot(store, { snapshotFile, snapshotKeyFile }, context)),
    );
  }
  return outcomes;
}

const SNAPSHOT_MAX_AGE_DAYS = 180;

async function fromSnapshot(
  store: CatalogueStore,
  files: { readonly snapshotFile: string; readonly snapshotKeyFile: string | undefined },
  context: ServicesContext,
): Promise<OnlineOutcome> {
  if (files.snapshotKeyFile === undefined) {
    throw new PricingError('SIGNATURE', `no key is pinned for ${files.snapshotFile}: give --verifying-key`);
  }
  const verifyingKey = await readVerifyingKey(files.snapshotKeyFile);
  const file = { name: files.snapshotFile, bytes: await readFile(files.snapshotFile) };
  const { nowMs, accept, acceptedBy } = context;
  const taken = await importSnapshot(store, file, {
    verifyingKey,
    nowMs,
    accept,
    acceptedBy,
    maxAgeDays: SNAPSHOT_MAX_AGE_DAYS,
  });
  const counts = { added: 0, changed: 0, lost: 0, quarantinedRows: 0, skipped: {}, warnings: [] };
  const report = { source: 'snapshot', sourceVersion: taken.generatedAt, ...taken, ...counts };
  return { what: 'snapshot', outcome: 'refreshed', report };
}

async function gcpAccess(
  settings: PricingSettings,
): Promise<Pick<OnlineRefresh, 'gcpApiKey' | 'gcpAccount'>> {
  const { sources, gcpKeyFile, gcpAccountFile } = settings;
  if (!sources.includes('gcp')) return {};
  return {
    ...(gcpKeyFile === undefined ? {} : { gcpApiKey: (await readFile(gcpKeyFile, 'utf8')).trim() }),
    ...(gcpAccountFile === undefined ? {} : { gcpAccount: await readGoogleAccount(gcpAccountFile) }),
  };
}

function spotAccess(settings: PricingSettings): Pick<OnlineRefresh, 'spotHistory'> {
  const { awsSpot, awsCredentialsFile: credentialsFile, awsEc2: endpoint } = settings;
  return awsSpot === 'feed' ? {} : { spotHistory: { credentialsFile, endpoint } };
}

/**
 * Refreshes a catalogue from the services, the own price sheet and a snapshot: what its settings name. One run at a
 * time; killed at any moment it leaves the versions that it had finished.
 * @throws PricingError CATALOGUE_BUSY, USAGE
 */
export async function refreshFromServices(
  settings: PricingSettings,
  context: ServicesContext,
): Promise<readonly OnlineOutcome[]> {
  keepHeapSmall();
  const target =
    settings.catalogue === undefined ? await postgresTarget(settings) : folderTarget(settings.catalogue);
  try {
    const { sources } = settings;
    const awsRegions = sources.includes('aws') ? (settings.awsRegions ?? (await target.regions('aws'))) : [];
    const azureRegions = sources.includes('azure')
      ? (settings.azureRegions ?? (await target.regions('azure')))
      : [];
    const { awsPriceList, awsPriceListChina, awsSpotFeed, azure, gcp, gcpCompute } = settings;
    const refresh = {
      hosts: { awsPriceList, awsPriceListChina, awsSpotFeed, azure, gcp, gcpCompute },
      awsRegions,
      azureRegions,
      ...spotAccess(settings),
      ...(await gcpAccess(settings)),
      commitments: settings.commitments === 'on',
      currency: settings.currency,
      accept: context.accept,
      acceptedBy: context.acceptedBy,
      nowMs: context.nowMs,
      workFolder: settings.workFolder,
    };
    context.onRegions({ aws: awsRegions, azure: azureRegions });
    return await target.exclusively(async (store) => {
      const files = await fromFiles(store, settings, context);
      const network = await openNetwork({ proxy: settings.proxy, caFile: settings.caFile });
      try {
        const online = await refreshOnline(
          store,
          refresh,
          {
            fetch: network.fetch,
            sleep: (ms, signal) => sleep(ms, undefined, { signal }),
            random: Math.random,
            signal: context.signal,
          },
          context.onStep,
        );
        return [...files, ...online];
      } finally {
        await network.close();
      }
    });
  } finally {
    await target.close();
  }
}

/**
 * Takes a signed snapshot into the catalogue that the settings name; the verifying key is the pinned one of the
 * settings, never one from the file. @throws PricingError SIGNATURE, STALE_SNAPSHOT, CATALOGUE_BUSY, USAGE
 */
export async function importFromSettings(
  settings: PricingSettings,
  options: Pick<FolderImport, 'from' | 'nowMs' | 'maxAgeDays' | 'accept' | 'acceptedBy'>,
  stdin: NodeJS.ReadableStream,
): Promise<ImportReport> {
  if (settings.snapshotKeyFile === undefined) {
    throw new PricingError('SIGNATURE', `no key is pinned for ${options.from}: give --verifying-key`);
  }
  const verifyingKey = await readVerifyingKey(settings.snapshotKeyFile);
  const file = await readSnapshot(options.from, stdin);
  const target =
    settings.catalogue === undefined ? await postgresTarget(settings) : folderTarget(settings.catalogue);
  try {
    return await target.exclusively((store) => importSnapshot(store, file, { ...options, verifyingKey }));
  } finally {
    await target.close();
  }
}
