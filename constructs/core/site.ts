import type { Flows, Peer } from '../policy/flows.js';
import type { ComponentProps } from './component.js';
import type { ImageRole } from './images.js';
import type { PartOptions } from './manifest.js';
import { labelsOf } from './pods.js';
import type { Sizing } from './sizing.js';
import type { Features, ResolvedOperatorVersions } from './versions.js';

/** Namespaces of an installation. */
export interface SiteNamespaces {
  readonly system: string;
  readonly collector: string;
  readonly postgres: string;
  readonly clickhouse: string;
  readonly valkey: string;
}

/** What every part of one installation shares, worked out once from the props. */
export interface Site {
  readonly namespaces: SiteNamespaces;
  readonly features: Features;
  readonly operators: ResolvedOperatorVersions;
  readonly sizing: Sizing;
  readonly highAvailability: boolean;
  readonly clusterDomain: string;
  readonly pullSecrets: readonly string[];
  /** `repository:tag@digest` of a role. */
  readonly image: (role: ImageRole) => string;
  readonly flows: Flows;
  /** Addresses under which pods reach the API server. */
  readonly apiServer: Peer;
  /** Where metrics are scraped from. */
  readonly prometheus: Peer;
  readonly storageClassName: string | undefined;
  /** Settings of one component over the defaults of all. */
  readonly component: (name: string) => ComponentProps;
}

/** Labels of a component's objects. */
export function partOptions(component: string, settings: ComponentProps): PartOptions {
  return { labels: { ...settings.labels, ...labelsOf(component) } };
}

/** Ports of the API server: the Service's, and the usual one behind it, because CNIs judge after translation. */
export const apiServerPorts = [443, 6443] as const;
