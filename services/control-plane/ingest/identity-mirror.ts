import type { ClickHouseEngine } from '@kubehero/store-clickhouse';
import type { IdentityRow } from '@kubehero/store-postgres';

const ROWS_PER_STATEMENT = 2000;

/** Copies identities from PostgreSQL, which assigns their keys, to ClickHouse, which joins them. */
export class IdentityMirror {
  #waiting: IdentityRow[] = [];

  constructor(
    private readonly clickhouse: ClickHouseEngine,
    private readonly database: string,
  ) {}

  /** Highest key that is there, 0 where none is. */
  async highestKey(): Promise<number> {
    const [row] = await this.clickhouse.query<{ key: number }>(
      `SELECT max(key) AS key FROM ${this.database}.identity`,
    );
    return Number(row?.key ?? 0);
  }

  /** Notes rows to be written by the next {@link flush}. */
  add(rows: readonly IdentityRow[]): void {
    this.#waiting.push(...rows);
  }

  /** Writes what was noted; what fails stays noted. */
  async flush(): Promise<void> {
    const rows = this.#waiting;
    if (rows.length === 0) return;
    await this.write(rows);
    this.#waiting = this.#waiting.slice(rows.length);
  }

  /** Writes rows; a repeat replaces the same row. */
  async write(rows: readonly IdentityRow[]): Promise<void> {
    for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT) {
      const slice = rows.slice(at, at + ROWS_PER_STATEMENT).map(toColumns);
      await this.clickhouse.insertObjects(`${this.database}.identity`, slice);
    }
  }
}

function toColumns(row: IdentityRow): Record<string, unknown> {
  return {
    key: row.key,
    cluster: row.clusterKey,
    node: row.nodeKey,
    ns: row.namespaceKey ?? 0,
    kind: row.kind,
    pod_uid: row.podUid,
    pod: row.pod,
    container: row.container,
    workload_kind: row.workloadKind,
    workload: row.workload,
    labels: row.labels,
  };
}
