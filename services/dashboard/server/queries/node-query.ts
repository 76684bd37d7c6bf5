import type { NodeGap, NodeList, NodeRow } from '../../features/live/model/table-messages.js';
import type { ControlPlaneClient } from '../control-plane-client.js';
import { readInstant, readList, readMessage, readNumber, readString } from './connect-json.js';
import type { QueryCache } from './query-cache.js';

const METHOD = 'kubehero.query.v1.CostService/ListNodes';
const LIFETIME_MS = 3000;
const WINDOW_S = 900;
/** A node that says nothing for so long is silent. */
const SILENT_AFTER_S = 5;

/** All nodes: silent and unpriced ones first, then by name. @throws ControlPlaneError */
export function readNodes(client: Pick<ControlPlaneClient, 'call'>, cache: QueryCache): Promise<NodeList> {
  return cache.get('nodes', LIFETIME_MS, async () => {
    const answer = readMessage(await client.call(METHOD, {}), 'answer');
    const names = new Intl.Collator('en', { numeric: true });
    const nodes = readList(answer['nodes'], 'nodes')
      .map(toNode)
      .sort((a, b) => urgency(b) - urgency(a) || names.compare(a.name, b.name));
    return { nodes };
  });
}

function toNode(value: unknown): NodeRow {
  const raw = readMessage(value, 'node');
  const lastSecondS = readInstant(raw['lastSecond'], 'lastSecond');
  const oldestS = Math.floor(Date.now() / 1000) - WINDOW_S;
  return {
    cluster: readString(raw['cluster'], 'cluster'),
    name: readString(raw['name'], 'name') || readString(raw['nodeUid'], 'nodeUid'),
    lastSecondS,
    silentS: readNumber(raw['silentS'], 'silentS'),
    source: readString(raw['source'], 'source')
      .toLowerCase()
      .replace(/^source_/, ''),
    pricePerHour: readString(raw['pricePerHourUsd'], 'pricePerHourUsd') || null,
    priceSource: readString(raw['priceSource'], 'priceSource'),
    gaps: readList(raw['gaps'], 'gaps')
      .map(toGap)
      .filter((gap) => gap.toS > oldestS),
  };
}

function toGap(value: unknown): NodeGap {
  const raw = readMessage(value, 'gap');
  return {
    fromS: readInstant(raw['from'], 'from'),
    toS: readInstant(raw['to'], 'to'),
    charged: raw['charged'] === true,
  };
}

function urgency(node: NodeRow): number {
  return (node.silentS > SILENT_AFTER_S ? 2 : 0) + (node.pricePerHour === null ? 1 : 0);
}
