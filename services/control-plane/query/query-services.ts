import {
  formatInstant,
  formatPicounits,
  parseInstant,
  toWindow,
  WindowError,
  type Window,
} from '@kubehero/domain';
import { implement, query, RpcError, type Implementation } from '@kubehero/rpc';
import {
  listActivations,
  listClusters,
  listGaps,
  listNodes,
  listProgress,
  type ActivationRow,
  type Database,
  type Kysely,
  type NodeGapRecord,
  type NodeProgressRecord,
} from '@kubehero/store-postgres';
import type { LiveModel } from '../live/live-model.js';
import { rankTop } from '../live/top.js';
import { GROUP_KEYS, totalCost, type CostAnswer, type CostSums, type GroupKey } from './cost-answer.js';
import type { AnswerCache } from './answer-cache.js';
import type { CostQuery } from './cost-query.js';
import { keptUnitS, toKeptWindow, type Retention } from './kept-window.js';
import type { NameDirectory } from './names.js';

/** What the services work with. */
export interface QueryServicesOptions {
  readonly db: Kysely<Database>;
  readonly cost: CostQuery;
  readonly cache: AnswerCache;
  readonly live: LiveModel;
  readonly names: NameDirectory;
  readonly currency: string;
  readonly nowS: () => number;
  readonly retention: Retention;
  readonly isLeading: () => boolean;
}

const MAX_GAPS = 100;
const MAX_STEPS = 3600;
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 30_000;
const US_PER_SECOND = 1_000_000;

/** Reads for people and programs: cost over windows, nodes, and what is most expensive now. */
export function queryServices(options: QueryServicesOptions): readonly Implementation[] {
  return [
    implement(query.CostService, {
      GetCost: (request, context) => getCost(options, request, context.signal),
      ListNodes: (request) => listNodeStatus(options, request.cluster),
    }),
    implement(query.LiveService, { ListTop: (request) => listTop(options, request) }),
  ];
}

async function getCost(
  { cost, currency, cache, retention, nowS }: QueryServicesOptions,
  request: query.GetCostRequest,
  signal: AbortSignal,
): Promise<query.GetCostResponseInput> {
  const by = request.by.map(toGroupKey);
  const where = request.where.map(({ key, value }) => ({ key: toGroupKey(key), value }));
  const window = toKeptWindow(readWindow(request), retention, nowS());
  const stepS = readStep(request.stepS, window);
  if (stepS !== undefined) checkKept(stepS, keptUnitS(window.from, retention, nowS()));
  const question = { by, window, where, ...(stepS === undefined ? {} : { stepS }) };
  return await cache.through(question, window, async () =>
    toCostResponse(await cost.ask(question, signal), window, currency),
  );
}

function toCostResponse(answer: CostAnswer, window: Window, currency: string): query.GetCostResponseInput {
  return {
    window: { from: formatInstant(window.from), to: formatInstant(window.to) },
    currency,
    coverage: {
      expectedNodeSeconds: answer.expectedNodeSeconds,
      observedNodeSeconds: answer.observedNodeSeconds,
    },
    rows: answer.groups.map((group) => ({
      keys: group.keys,
      ...toMoney(group),
      cpuCoreSeconds: Number(group.cpuUs) / US_PER_SECOND,
      memoryByteSeconds: group.ramByteSeconds.toString(),
      networkBytes: group.networkBytes.toString(),
      byResource: toResources(group),
      start: group.start === undefined ? '' : formatInstant(group.start),
    })),
    idle: { ...toMoney(answer.idle), byResource: toResources(answer.idle) },
    unobserved: { ...toMoney(answer.unobserved), nodeSeconds: answer.unobserved.seconds },
    unpriced: { nodeSeconds: answer.unpricedNodeSeconds },
    total: money(sumOf(answer)),
  };
}

function sumOf(answer: CostAnswer): bigint {
  const rows = answer.groups.reduce((sum, group) => sum + totalCost(group), 0n);
  return rows + totalCost(answer.idle) + totalCost(answer.unobserved);
}

function readWindow(request: query.GetCostRequest): Window {
  try {
    return toWindow(parseInstant(request.from), parseInstant(request.to));
  } catch (error) {
    if (error instanceof WindowError) throw new RpcError('invalid_argument', error.message);
    throw error;
  }
}

/** A whole number of seconds that gives a chart and not a flood; 0 asks for one group a key. */
function readStep(stepS: number, window: Window): number | undefined {
  if (stepS === 0) return undefined;
  const steps = (window.to - window.from) / stepS;
  if (steps > MAX_STEPS) {
    throw new RpcError(
      'invalid_argument',
      `a step of ${stepS} s cuts the window into ${Math.ceil(steps)} pieces: give at least ${Math.ceil((window.to - window.from) / MAX_STEPS)} s`,
    );
  }
  return stepS;
}

/** What was rolled up and then dropped can't be taken apart again. */
function checkKept(stepS: number, unitS: number): void {
  if (stepS % unitS === 0) return;
  throw new RpcError(
    'invalid_argument',
    `of so long ago only periods of ${unitS} s are kept: give a step of a multiple of ${unitS} s, or a later window, not ${stepS} s`,
  );
}

function toGroupKey(text: string): GroupKey {
  const key = GROUP_KEYS.find((candidate) => candidate === text);
  if (key === undefined)
    throw new RpcError('invalid_argument', `'${text}' is no key: give one of ${GROUP_KEYS.join(', ')}`);
  return key;
}

function money(picounits: bigint): { costPicodollars: string; costUsd: string } {
  return { costPicodollars: picounits.toString(), costUsd: formatPicounits(picounits) };
}

function toMoney(sums: CostSums): { costPicodollars: string; costUsd: string } {
  return money(totalCost(sums));
}

function toResources(sums: CostSums): query.CostByResourceInput {
  return {
    cpu: sums.cpuCost.toString(),
    ram: sums.ramCost.toString(),
    gpu: sums.gpuCost.toString(),
    network: sums.networkCost.toString(),
    volume: '0',
    loadBalancer: '0',
  };
}

async function listNodeStatus(
  { db, nowS }: QueryServicesOptions,
  cluster: string,
): Promise<query.ListNodesResponseInput> {
  const [clusters, nodes, progress, gaps, activations] = await Promise.all([
    listClusters(db),
    listNodes(db),
    listProgress(db),
    listGaps(db),
    listActivations(db),
  ]);
  const clusterNames = new Map(clusters.map(({ key, name }) => [key, name]));
  const nodeOf = new Map(nodes.map((node) => [node.key, node]));
  const rows = progress.flatMap((record) => {
    const node = nodeOf.get(record.nodeKey);
    const clusterName = clusterNames.get(node?.clusterKey ?? 0) ?? '';
    if (node === undefined || (cluster !== '' && clusterName !== cluster)) return [];
    const price = priceAt(activations, record.nodeKey, nowS());
    const own = gaps.filter((gap) => gap.nodeKey === record.nodeKey);
    return [toNodeStatus({ clusterName, node, record, price, gaps: own, now: nowS() })];
  });
  return { nodes: rows };
}

function priceAt(
  activations: readonly ActivationRow[],
  nodeKey: number,
  second: number,
): ActivationRow | undefined {
  return activations.filter((row) => row.nodeKey === nodeKey && row.effectiveFrom <= second).at(-1);
}

function toNodeStatus(known: {
  clusterName: string;
  node: { uid: string; name: string };
  record: NodeProgressRecord;
  price: ActivationRow | undefined;
  gaps: readonly NodeGapRecord[];
  now: number;
}): query.NodeStatusInput {
  const { record, price, gaps, now } = known;
  const perHour = price?.picounitsPerHour ?? null;
  return {
    cluster: known.clusterName,
    nodeUid: known.node.uid,
    name: known.node.name,
    firstSecond: formatInstant(record.firstSecond),
    lastSecond: formatInstant(record.lastSecond),
    silentS: Math.max(0, now - record.lastSecond - 1),
    source: record.source,
    ...(perHour === null ? {} : { pricePerHourUsd: formatPicounits(perHour) }),
    priceSource: price?.source ?? 'unpriced',
    gaps: gaps
      .slice(-MAX_GAPS)
      .reverse()
      .map((gap) => ({ from: formatInstant(gap.from), to: formatInstant(gap.to), charged: gap.charged })),
  };
}

async function listTop(
  options: QueryServicesOptions,
  request: query.ListTopRequest,
): Promise<query.ListTopResponseInput> {
  const by = request.by.map(toGroupKey);
  const where = request.where.map(({ key, value }) => ({ key: toGroupKey(key), value }));
  const limit = request.limit === 0 ? DEFAULT_LIMIT : request.limit;
  if (limit > MAX_LIMIT)
    throw new RpcError('invalid_argument', `limit ${limit} is too large: give 1 to ${MAX_LIMIT}`);
  if (!options.isLeading()) {
    throw new RpcError(
      'unavailable',
      'this replica follows, and only the leader knows pods: ask the Service',
    );
  }
  const names = await options.names.read();
  const answer = rankTop(options.live, names, options.nowS(), {
    by,
    where,
    search: request.search,
    limit,
    offset: request.offset,
  });
  const seconds = answer.to - answer.from;
  return {
    window: { from: formatInstant(answer.from), to: formatInstant(answer.to) },
    currency: options.currency,
    totalRows: answer.totalRows,
    rows: answer.rows.map((row) => ({
      keys: row.keys,
      costPicodollarsPerSecond: (row.cost / seconds).toFixed(0),
      cpuCores: row.cpuUs / US_PER_SECOND / seconds,
      memoryBytes: (row.ramBytes / seconds).toFixed(0),
      networkBytesPerSecond: (row.networkBytes / seconds).toFixed(0),
    })),
  };
}
