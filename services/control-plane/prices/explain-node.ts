import { formatPicounits } from '@kubehero/domain';
import { RpcError, type pricing } from '@kubehero/rpc';
import {
  listActivations,
  sql,
  type ActivationRow,
  type Database,
  type Kysely,
} from '@kubehero/store-postgres';

const MAX_PRICES = 50;

/**
 * The prices of a node by time, newest first, each with the explanation that was recorded when it was pinned.
 *
 * @throws RpcError not_found
 */
export async function explainNode(
  db: Kysely<Database>,
  { cluster, node }: pricing.ExplainPriceRequest,
): Promise<readonly pricing.ExplainedPriceInput[]> {
  const { rows } = await sql<{ key: number }>`
    select n.key from node n join cluster c on c.key = n.cluster_key
    where (n.uid = ${node} or n.name = ${node}) and (${cluster} = '' or c.id = ${cluster} or c.name = ${cluster})
    order by n.gone_at is not null, n.key desc limit 1`.execute(db);
  const key = rows[0]?.key;
  if (key === undefined) {
    const where = cluster === '' ? '' : ` in cluster '${cluster}'`;
    throw new RpcError('not_found', `no node '${node}'${where} has ever reported`);
  }
  const activations = await listActivations(db, key);
  return [...activations].reverse().slice(0, MAX_PRICES).map(toExplained);
}

function toExplained(row: ActivationRow): pricing.ExplainedPriceInput {
  const { source, sourceVersion, sku, currency, conversion } = row;
  return {
    source,
    sourceVersion,
    sku,
    currency,
    effectiveFromS: row.effectiveFrom,
    price: row.picounitsPerHour === null ? '' : formatPicounits(row.picounitsPerHour),
    listPrice: row.listPicounitsPerHour === null ? '' : formatPicounits(row.listPicounitsPerHour),
    catalogueVersion: row.catalogueVersion ?? 0,
    explanation: [...row.explanation],
    ...(conversion === undefined ? {} : { conversion: { ...conversion } }),
  };
}
