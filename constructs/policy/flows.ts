/** One end of a flow. */
export type Peer =
  | {
      readonly kind: 'pods';
      readonly namespace: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly policy?: string;
    }
  | { readonly kind: 'namespace'; readonly namespace: string }
  | { readonly kind: 'cidrs'; readonly cidrs: readonly string[] };

/** Traffic that an installation needs; whatever is no flow is denied. */
export interface Flow {
  readonly from: Peer;
  readonly to: Peer;
  /** TCP ports. */
  readonly ports: readonly number[];
}

/** Pods by their labels, in one namespace. `policy` names the policy of pods that no manifest of ours creates. */
export function pods(namespace: string, labels: Readonly<Record<string, string>>, policy?: string): Peer {
  return { kind: 'pods', namespace, labels, ...(policy ? { policy } : {}) };
}

/** Everything in one namespace. */
export function namespace(name: string): Peer {
  return { kind: 'namespace', namespace: name };
}

/** Addresses outside, or of nodes. */
export function cidrs(...ranges: readonly string[]): Peer {
  return { kind: 'cidrs', cidrs: ranges };
}

/** Collects the flows of an installation while its parts are made. */
export class Flows {
  readonly #flows: Flow[] = [];

  /** Adds one flow; both ends get their half of it in their own policy. */
  add(from: Peer, to: Peer, ...ports: readonly number[]): void {
    this.#flows.push({ from, to, ports });
  }

  /** Every flow, a copy. */
  get all(): readonly Flow[] {
    return [...this.#flows];
  }
}
