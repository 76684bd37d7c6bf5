import { toClickHouseUrl } from '@kubehero/control-plane';
import { declareFlags, readSettings } from '@kubehero/runtime';
import { connectClickHouse } from '@kubehero/store-clickhouse';
import { Option } from 'commander';
import { backupClickHouse, type ShardBackup } from '../backup/backup-clickhouse.js';
import { backupSettings, toShards } from '../backup/config.js';
import type { RegisterCommand } from './command.js';

/** `kubehero backup clickhouse`: every shard into the bucket of a named collection. */
export const registerBackup: RegisterCommand = (program, run) => {
  const command = program
    .command('backup')
    .description('copy what the stores hold to a bucket')
    .command('clickhouse')
    .description('back up every shard of ClickHouse: a full copy once a week, what is new on other runs')
    .addOption(new Option('--output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action((flags: Record<string, unknown>) => {
      run((signal) => backup(flags, signal));
    });
  declareFlags(command, backupSettings);
};

async function backup(flags: Record<string, unknown>, signal: AbortSignal): Promise<number> {
  const settings = readSettings(backupSettings, { flags, env: process.env });
  const { url: address, ...tls } = await toClickHouseUrl(settings);
  const { username, password } = new URL(address);
  const backups = await backupClickHouse(
    {
      database: settings.clickhouseDatabase,
      cluster: settings.clickhouseCluster,
      collection: settings.collection,
      shards: toShards(settings),
      connect: (replica) =>
        connectClickHouse({ ...tls, url: Object.assign(new URL(replica), { username, password }).href }),
      now: new Date(),
      timeoutMs: settings.timeoutMinutes * 60_000,
    },
    signal,
  );
  process.stdout.write(
    flags['output'] === 'json' ? `${JSON.stringify({ backups })}\n` : backups.map(describe).join(''),
  );
  return backups.some(({ kind }) => kind === 'failed') ? 1 : 0;
}

function describe(backup: ShardBackup): string {
  if (backup.kind === 'failed') return `shard ${backup.shard}: failed: ${backup.error}\n`;
  const { shard, kind, folder, files, bytes, replica } = backup;
  return `shard ${shard}: ${kind} backup of ${replica} in ${folder}: ${files} files, ${bytes} bytes\n`;
}
