import { storedTables, type TableOptions } from './tables.js';

/** Where a backup lies: a folder under the bucket of a named collection, so that no key stands in SQL. */
export interface BackupPlace {
  /** Named collection of the server with `url` and credentials. */
  readonly collection: string;
  /** Folder below its URL, without slashes at its ends. */
  readonly folder: string;
}

/** How a backup stands, as {@link backupStatusQuery} tells. */
export interface BackupState {
  readonly status: string;
  readonly error: string;
  readonly files: string;
  readonly bytes: string;
}

/**
 * Backs up every table of one server in the background, under the name `id` in `system.backups`. Over `base` it
 * writes only what that backup lacks.
 *
 * Source: https://clickhouse.com/docs/operations/backup
 */
export function backupStatement(
  options: Pick<TableOptions, 'database' | 'cluster'>,
  backup: { readonly id: string; readonly to: BackupPlace; readonly base?: BackupPlace | undefined },
): string {
  const tables = storedTables(options).map((table) => `TABLE ${table}`);
  const base = backup.base === undefined ? '' : `, base_backup = ${place(backup.base)}`;
  return `BACKUP ${tables.join(', ')} TO ${place(backup.to)} SETTINGS id = '${backup.id}'${base} ASYNC`;
}

/** Asks how the backup `{id:String}` stands; rows of {@link BackupState}. */
export const backupStatusQuery = `SELECT status, error, toString(num_files) AS files, toString(uncompressed_size) AS bytes
FROM system.backups WHERE id = {id:String}`;

function place({ collection, folder }: BackupPlace): string {
  return `S3(${collection}, '${folder}')`;
}
