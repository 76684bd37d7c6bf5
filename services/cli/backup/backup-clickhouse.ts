import { sleep, UserError } from '@kubehero/runtime';
import {
  backupStatement,
  backupStatusQuery,
  ClickHouseError,
  type BackupPlace,
  type BackupState,
  type ClickHouseEngine,
} from '@kubehero/store-clickhouse';
import { randomBytes } from 'node:crypto';

/** What a run of backups is for. */
export interface BackupOptions {
  readonly database: string;
  readonly cluster?: string | undefined;
  readonly collection: string;
  /** Addresses of the replicas of each shard, in the order in which they are asked. */
  readonly shards: readonly (readonly string[])[];
  readonly connect: (url: string) => ClickHouseEngine;
  readonly now: Date;
  /** Longest time of one shard. */
  readonly timeoutMs: number;
}

/** How one shard's backup ended. */
export type ShardBackup = { readonly shard: number } & (
  | {
      readonly kind: 'full' | 'incremental';
      readonly replica: string;
      readonly folder: string;
      readonly files: number;
      readonly bytes: number;
    }
  | { readonly kind: 'failed'; readonly error: string }
);

const POLL_MS = 1000;
/** A server that restarts is asked again for so long; its backup is gone then, which the answer tells. */
const SILENCE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Backs up one replica of every shard into the bucket of a named collection: once a week (from Sunday, UTC) everything,
 * and what is new since then on every other run. Fulls of other weeks are never looked at, so that the bucket's own
 * rules can remove them. Shards fail one by one.
 */
export async function backupClickHouse(options: BackupOptions, signal: AbortSignal): Promise<ShardBackup[]> {
  return Promise.all(
    options.shards.map(async (replicas, shard) => {
      try {
        return { shard, ...(await backupShard(options, { replicas, shard, signal })) };
      } catch (error) {
        signal.throwIfAborted();
        return {
          shard,
          kind: 'failed' as const,
          error: error instanceof Error ? error.message : String(error),
        };
      }
    }),
  );
}

interface Shard {
  readonly replicas: readonly string[];
  readonly shard: number;
  readonly signal: AbortSignal;
}

type Done = Omit<Exclude<ShardBackup, { kind: 'failed' }>, 'shard'>;

async function backupShard(options: BackupOptions, shard: Shard): Promise<Done> {
  let unavailable: unknown;
  for (const replica of shard.replicas) {
    const engine = options.connect(replica);
    try {
      return { ...(await backupReplica(options, shard, engine)), replica: new URL(replica).host };
    } catch (error) {
      if (!(error instanceof ClickHouseError) || error.code !== 'UNAVAILABLE') throw error;
      unavailable = error;
    } finally {
      await engine.close();
    }
  }
  throw new UserError('NO_REPLICA', `no replica of shard ${shard.shard} answers: ${String(unavailable)}`);
}

/** Over the week's full backup; makes that one where it is missing. */
async function backupReplica(
  options: BackupOptions,
  shard: Shard,
  engine: ClickHouseEngine,
): Promise<Omit<Done, 'replica'>> {
  const { collection, now } = options;
  const sunday = new Date(now.getTime() - now.getUTCDay() * DAY_MS).toISOString().slice(0, 10);
  const moment = now.toISOString().slice(0, 19).replaceAll(':', '');
  const at = (name: string): BackupPlace => ({
    collection,
    folder: `${sunday}/${name}/shard-${shard.shard}`,
  });
  const run = (to: BackupPlace, base?: BackupPlace): Promise<BackupState> =>
    runBackup(options, { engine, to, base, signal: shard.signal });
  const incremental = at(`incremental-${moment}`);
  const over = await run(incremental, at('full'));
  if (over.status === 'BACKUP_CREATED') return toDone('incremental', incremental, over);
  if (!over.error.includes('BACKUP_NOT_FOUND')) throw failure(over);
  // A server that died while it wrote leaves a lock in the folder; a folder of its own is free of it
  for (const full of [at('full'), at(`full-${moment}`)]) {
    const whole = await run(full);
    if (whole.status === 'BACKUP_CREATED') return toDone('full', full, whole);
    if (!whole.error.includes('BACKUP_ALREADY_EXISTS')) throw failure(whole);
  }
  throw new UserError('BACKUP_FAILED', `${sunday}/full-${moment} exists already: run one backup at a time`);
}

function toDone(kind: Done['kind'], { folder }: BackupPlace, state: BackupState): Omit<Done, 'replica'> {
  return { kind, folder, files: Number(state.files), bytes: Number(state.bytes) };
}

function failure({ status, error }: BackupState): UserError {
  const reason = error.split(', Stack trace')[0] ?? '';
  return new UserError('BACKUP_FAILED', `the backup ended as ${status}: ${reason || 'no reason was given'}`);
}

async function runBackup(
  options: BackupOptions,
  run: { engine: ClickHouseEngine; to: BackupPlace; base: BackupPlace | undefined; signal: AbortSignal },
): Promise<BackupState> {
  const id = `kubehero-${randomBytes(8).toString('hex')}`;
  await run.engine.command(backupStatement(options, { id, to: run.to, base: run.base }));
  const until = performance.now() + options.timeoutMs;
  while (performance.now() < until) {
    const state = await readState(run.engine, id, run.signal);
    if (state.status !== 'CREATING_BACKUP') return state;
    await sleep(POLL_MS, run.signal);
    run.signal.throwIfAborted();
  }
  const minutes = options.timeoutMs / 60_000;
  throw new UserError(
    'TIMEOUT',
    `the backup is not done after ${minutes} min and goes on: give a longer --timeout-minutes`,
  );
}

async function readState(engine: ClickHouseEngine, id: string, signal: AbortSignal): Promise<BackupState> {
  for (const until = performance.now() + SILENCE_MS; ; await sleep(POLL_MS, signal)) {
    try {
      const [state] = await engine.query<BackupState>(backupStatusQuery, { id }, signal);
      return state ?? { status: 'LOST', error: 'the server restarted meanwhile', files: '0', bytes: '0' };
    } catch (error) {
      const again = error instanceof ClickHouseError && error.code === 'UNAVAILABLE';
      if (!again || performance.now() >= until) throw error;
    }
  }
}
