import { environmentNames } from '@kubehero/contract';
import { clickhouseSettings } from '@kubehero/control-plane';
import { integerSetting, optionalSetting, textSetting, type SettingsOf } from '@kubehero/runtime';

/** Settings of `kubehero backup clickhouse`. */
export const backupSettings = {
  ...clickhouseSettings,
  shards: optionalSetting(
    textSetting({
      env: environmentNames.clickhouseShards,
      reason: 'addresses of the replicas: a comma between replicas of a shard, a semicolon between shards',
      unit: 'URLs',
      pattern: /^https?:\/\/[^\s,;/]+(?:[,;]https?:\/\/[^\s,;/]+)*$/,
      allowed: 'give http://replica-0:8123,http://replica-1:8123;http://next-shard:8123',
    }),
  ),
  collection: textSetting({
    flag: 'collection',
    reason: "named collection of the servers with the bucket's address and credentials",
    unit: 'name',
    fallback: 'kubehero_backup',
    pattern: /^[A-Za-z_][A-Za-z0-9_]{0,63}$/,
    allowed: 'give a name of letters, digits and underscores',
  }),
  timeoutMinutes: integerSetting({
    flag: 'timeout-minutes',
    reason: 'longest time that the backup of a shard may take',
    unit: 'minutes',
    min: 1,
    max: 1440,
    fallback: 330,
  }),
};

/** What {@link backupSettings} become. */
export type BackupSettings = SettingsOf<typeof backupSettings>;

/** Addresses of the replicas of each shard; one server without a cluster is one shard. */
export function toShards(settings: Pick<BackupSettings, 'shards' | 'clickhouseUrl'>): string[][] {
  const shards = settings.shards ?? settings.clickhouseUrl;
  return shards.split(';').map((replicas) => replicas.split(','));
}
