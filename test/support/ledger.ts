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

/** Waits until every closed period is rolled up. */
export async function waitForRollups(db: Kysely<Database>, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { rows } = await sql<{ dirty: number }>`select
      (select count(*) from ingest_minute where changes > rolled and minute < extract(epoch from now()) - 70)
      + (select count(*) from rollup_period where changes > rolled and level = 'hour' and start < extract(epoch from now()) - 3610)
      as dirty`.execute(db);
    if (Number(rows[0]?.dirty ?? 0) === 0) return;
    if (Date.now() > deadline)
      throw new Error(`${rows[0]?.dirty} periods are still dirty after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
