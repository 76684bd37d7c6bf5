import {
  formatInstant,
  MAX_PICOUNITS_PER_HOUR,
  MoneyError,
  parseInstant,
  parsePicounits,
  toWindow,
  WindowError,
  type Window,
} from '@kubehero/domain';
import { RpcError, type pricing } from '@kubehero/rpc';
import {
  listClusters,
  listNodes,
  type Database,
  type Kysely,
  type RepriceRequest,
} from '@kubehero/store-postgres';
import { findCluster } from '../clusters/cluster-registry.js';

/** Bounds of what can be priced again. */
export interface RepriceBounds {
  readonly nowS: () => number;
  /** Epoch second below which raw rows have expired. */
  readonly horizonS: () => number;
}

/** What is younger may still arrive, and is what live pages show. */
const SETTLED_S = 900;
const MAX_REASON_CHARACTERS = 500;
const MAX_BY_CHARACTERS = 200;

/**
 * Reads what is asked for.
 *
 * @throws RpcError `invalid_argument`, `not_found`
 */
export async function readRepriceRequest(
  db: Kysely<Database>,
  request: pricing.StartRepriceRequest,
  bounds: RepriceBounds,
): Promise<RepriceRequest> {
  const window = readWindow(request, bounds);
  const pricePerHour = readPrice(request.pricePerHour);
  checkLength('reason', request.reason, MAX_REASON_CHARACTERS);
  checkLength('by', request.by, MAX_BY_CHARACTERS);
  const clusterKeys = await findClusters(db, request.cluster);
  return {
    ...window,
    clusterKeys,
    nodeKeys: request.nodes.length === 0 ? undefined : await findNodes(db, clusterKeys, request.nodes),
    pricePerHour,
    dryRun: request.dryRun,
    reason: request.reason,
    requestedBy: request.by,
  };
}

function readWindow({ from, to }: { from: string; to: string }, { nowS, horizonS }: RepriceBounds): Window {
  const window = parseWindow(from, to);
  const now = nowS();
  if (window.to > now) {
    throw invalid(
      `the window ends at ${formatInstant(window.to)}, which lies in the future: prices of the future follow the catalogue by themselves, end it by ${formatInstant(now - SETTLED_S)}`,
    );
  }
  if (window.to > now - SETTLED_S) {
    throw invalid(
      `the window ends at ${formatInstant(window.to)}, and seconds of the last ${SETTLED_S / 60} minutes may still arrive: end it by ${formatInstant(now - SETTLED_S)}`,
    );
  }
  if (window.from < horizonS()) {
    throw invalid(
      `the window begins at ${formatInstant(window.from)}, and single seconds before ${formatInstant(horizonS())} have expired: begin it then or later, or keep seconds for more days`,
    );
  }
  return window;
}

function parseWindow(from: string, to: string): Window {
  try {
    return toWindow(parseInstant(from), parseInstant(to));
  } catch (error) {
    if (error instanceof WindowError) throw invalid(error.message);
    throw error;
  }
}

function readPrice(text: string): string | undefined {
  if (text === '') return undefined;
  try {
    const price = parsePicounits(text);
    if (price >= 0n && price <= MAX_PICOUNITS_PER_HOUR) return text.trim();
  } catch (error) {
    if (error instanceof MoneyError) throw invalid(error.message);
    throw error;
  }
  throw invalid(`a price of ${text} per hour is out of range: give 0 to 144000`);
}

function checkLength(name: string, text: string, most: number): void {
  if (text.length > most) throw invalid(`${name} has ${text.length} characters, at most are ${most}`);
}

async function findClusters(db: Kysely<Database>, cluster: string): Promise<readonly number[]> {
  if (cluster !== '') return [(await findCluster(db, cluster)).key];
  const keys = (await listClusters(db)).filter(({ removed }) => !removed).map(({ key }) => key);
  if (keys.length === 0)
    throw new RpcError('not_found', 'no cluster is registered: nothing can be priced again');
  return keys;
}

async function findNodes(
  db: Kysely<Database>,
  clusterKeys: readonly number[],
  names: readonly string[],
): Promise<readonly number[]> {
  const nodes = (await listNodes(db)).filter(({ clusterKey }) => clusterKeys.includes(clusterKey));
  const unknown = names.filter((name) => !nodes.some((node) => node.name === name || node.uid === name));
  if (unknown.length > 0) {
    throw new RpcError(
      'not_found',
      `no node '${unknown.join("', '")}' has ever reported: give names or UIDs as 'kubehero cost --by node' shows them`,
    );
  }
  return nodes.filter(({ name, uid }) => names.includes(name) || names.includes(uid)).map(({ key }) => key);
}

function invalid(message: string): RpcError {
  return new RpcError('invalid_argument', message);
}
