import { mix, toFraction } from './hash.js';

/** In which order seconds are sent. */
export interface PlanOptions {
  readonly nodes: number;
  readonly podsPerNode: number;
  readonly startS: number;
  readonly seconds: number;
  readonly seed: number;
  /** How often everything is sent. */
  readonly repeat: number;
  /** Seconds out of order. */
  readonly shuffle: boolean;
  /** Share of each node's seconds that is held back to the very end, 0 to 1. */
  readonly late: number;
  /** Seconds of one node in one message at most. */
  readonly secondsPerMessage: number;
}

/** What one message carries: nodes and, of each, strictly rising seconds. */
export interface PlannedMessage {
  /** 0 for the first time that these seconds are sent. */
  readonly pass: number;
  readonly parts: readonly { readonly node: number; readonly seconds: readonly number[] }[];
}

/** Rows in one message at most: about half a MiB of columns. */
const MAX_ROWS = 30_000;
/** Pods in one message at most: the first message of a node also carries its dictionary, about 250 bytes a pod. */
const MAX_PODS = 6_000;
const SHUFFLE_SALT = 0x2545f491;
const LATE_SALT = 0x6c8e9cf5;

function orderSeconds(options: PlanOptions): number[] {
  const order = Array.from({ length: options.seconds }, (_, index) => options.startS + index);
  if (!options.shuffle) return order;
  for (let index = order.length - 1; index > 0; index -= 1) {
    const other = mix(options.seed ^ SHUFFLE_SALT, index) % (index + 1);
    [order[index], order[other]] = [order[other] as number, order[index] as number];
  }
  return order;
}

function isLate(options: PlanOptions, node: number, second: number): boolean {
  return toFraction(mix(mix(options.seed ^ LATE_SALT, node), second)) < options.late;
}

/**
 * Plans the messages: groups of seconds in their order, each with all nodes in turn; then what was held back.
 * Every node-second is planned once a pass.
 */
export function* planMessages(options: PlanOptions): Generator<PlannedMessage> {
  const rowsPerSecond = Math.max(1, options.podsPerNode);
  const perMessage = Math.max(1, Math.min(options.secondsPerMessage, Math.floor(MAX_ROWS / rowsPerSecond)));
  const nodesPerMessage = Math.max(
    1,
    Math.min(Math.floor(MAX_ROWS / (rowsPerSecond * perMessage)), Math.floor(MAX_PODS / rowsPerSecond)),
  );
  const order = orderSeconds(options);
  for (let pass = 0; pass < options.repeat; pass += 1) {
    for (const wantLate of options.late > 0 ? [false, true] : [false]) {
      for (let first = 0; first < order.length; first += perMessage) {
        const group = order.slice(first, first + perMessage).sort((left, right) => left - right);
        yield* planGroup(options, group, { pass, wantLate, nodesPerMessage });
      }
    }
  }
}

function* planGroup(
  options: PlanOptions,
  group: readonly number[],
  how: { readonly pass: number; readonly wantLate: boolean; readonly nodesPerMessage: number },
): Generator<PlannedMessage> {
  for (let first = 0; first < options.nodes; first += how.nodesPerMessage) {
    const count = Math.min(how.nodesPerMessage, options.nodes - first);
    const parts = Array.from({ length: count }, (_, index) => {
      const node = first + index;
      const seconds =
        options.late > 0 ? group.filter((second) => isLate(options, node, second) === how.wantLate) : group;
      return { node, seconds };
    }).filter((part) => part.seconds.length > 0);
    if (parts.length > 0) yield { pass: how.pass, parts };
  }
}
