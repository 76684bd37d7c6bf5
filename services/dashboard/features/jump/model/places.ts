import { keysOf, labelOf, whereOf, type TableLevel, type Where } from '../../live/model/grouping.js';
import type { TopPage } from '../../live/model/table-messages.js';
import type { PolicyListMessage } from '../../budgets/model/budget-messages.js';

/** Something that has costs, as filters that single it out. */
export interface CostPlace {
  readonly kind: TableLevel;
  readonly label: string;
  readonly where: readonly Where[];
}

/** A budget policy. */
export interface PolicyPlace {
  readonly kind: 'policy';
  readonly label: string;
  readonly policy: string;
  readonly cluster: string;
}

/** What can be jumped to by its name. */
export type Place = CostPlace | PolicyPlace;

const LEVELS: readonly TableLevel[] = ['namespace', 'workload', 'pod'];
const ASKED_FOR = 20;
const SHOWN_OF_EACH = 5;

/**
 * Namespaces, workloads, pods and policies whose name holds a text, a few of each. What cannot be read is left out:
 * the page itself says that the server is away.
 */
export async function findPlaces(text: string, signal: AbortSignal): Promise<Place[]> {
  const lists = await Promise.allSettled([
    ...LEVELS.map((level) => findCosts(level, text, signal)),
    findPolicies(text, signal),
  ]);
  return lists.flatMap((list) => (list.status === 'fulfilled' ? list.value : []));
}

/** True where a label holds what was typed, in any case. */
export function includes(label: string, text: string): boolean {
  return label.toLowerCase().includes(text.toLowerCase());
}

async function findCosts(level: TableLevel, text: string, signal: AbortSignal): Promise<Place[]> {
  const query = new URLSearchParams({ level, q: text, limit: String(ASKED_FOR) });
  const page = await read<TopPage>(`/api/top?${query}`, signal);
  return page.rows
    .filter((row) => includes(labelOf(row.keys, level), text))
    .slice(0, SHOWN_OF_EACH)
    .map((row) => ({
      kind: level,
      label: keysOf(level)
        .slice(1)
        .map((key) => row.keys[key])
        .join(' / '),
      where: whereOf(row.keys, level),
    }));
}

async function findPolicies(text: string, signal: AbortSignal): Promise<Place[]> {
  const { policies } = await read<PolicyListMessage>('/api/budgets', signal);
  return policies
    .filter(({ name }) => includes(name, text))
    .slice(0, SHOWN_OF_EACH)
    .map(({ name, cluster }) => ({ kind: 'policy', label: name, policy: name, cluster }));
}

async function read<Answer>(path: string, signal: AbortSignal): Promise<Answer> {
  const response = await fetch(path, { signal });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return (await response.json()) as Answer;
}
