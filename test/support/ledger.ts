import { NAMESPACE_TABLE_OF, TABLE_OF, type ClickHouseEngine, type Level } from '@kubehero/store-clickhouse';
import { sql, type Database, type Kysely } from '@kubehero/store-postgres';

/** Sums of a table. */
export interface StoredSums {
  /** Rows of single seconds, or those under the rollup. */
  readonly rows: number;
  /** Picounits. */
  readonly cost: bigint;
}

/** What a cost table holds of a cluster once repeats are collapsed. */
export async function sumTable(
  clickhouse: ClickHouseEngine,
  level: Level,
  cluster: number,
): Promise<StoredSums> {
  const rows = level === 'second' ? 'count()' : 'sum(seconds)';
  const [found] = await clickhouse.query<{ rows: string; cost: string }>(
    `SELECT ${rows} AS rows, sum(toInt128(cpu_cost + ram_cost + gpu_cost + network_cost)) AS cost
     FROM kubehero.${TABLE_OF[level]} FINAL WHERE cluster = {cluster:UInt32}`,
    { cluster },
  );
  return { rows: Number(found?.rows ?? 0), cost: BigInt(found?.cost ?? 0) };
}

/** The same of a rollup by namespace. */
export async function sumNamespaces(
  clickhouse: ClickHouseEngine,
  level: Level,
  cluster: number,
): Promise<StoredSums> {
  const [found] = await clickhouse.query<{ rows: string; cost: string }>(
    `SELECT sum(seconds) AS rows, sum(cpu_cost + ram_cost + gpu_cost + network_cost) AS cost
     FROM kubehero.${NAMESPACE_TABLE_OF[level]} FINAL WHERE cluster = {cluster:UInt32}`,
    { cluster },
  );
  return { rows: Number(found?.rows ?? 0), cost: BigInt(found?.cost ?? 0) };
}

/** Waits until every period that is over now is rolled up, as long as the number of those that are not keeps changing. */
export async function waitForRollups(db: Kysely<Database>, patienceMs = 60_000): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  let deadline = Date.now() + patienceMs;
  let before: number | undefined;
  for (;;) {
    const { rows } = await sql<{ dirty: number }>`select
      (select count(*) from ingest_minute where changes > rolled and minute <= ${now - 60})
      + (select count(*) from rollup_period where changes > rolled and level = 'hour' and start <= ${now - 3600})
      as dirty`.execute(db);
    const dirty = Number(rows[0]?.dirty ?? 0);
    if (dirty === 0) return;
    if (dirty !== before) deadline = Date.now() + patienceMs;
    before = dirty;
    if (Date.now() > deadline) throw new Error(`${dirty} periods have been dirty for ${patienceMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
