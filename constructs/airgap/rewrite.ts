import type { Json } from '../core/manifest.js';
import { referencePattern } from './images-txt.js';

/** What the overlay changes in manifests. */
export interface RewriteRules {
  /** Registry and path of the site's own images. */
  readonly registry: string;
  /** Keeps the original registry's host as a folder, for mirrors of several registries. */
  readonly keepHost: boolean;
  readonly pullSecrets: readonly string[];
  /** Where traffic may go outside of the cluster. */
  readonly egressCidrs: readonly string[];
  /** Replaces links to runbooks; without it they go, and the text in the rule stays. */
  readonly runbookBaseUrl?: string | undefined;
}

/** Moves a repository into the site's registry. */
export function toMirror(repository: string, rules: RewriteRules): string {
  if (repository.startsWith(`${rules.registry}/`)) return repository;
  const [first = '', ...rest] = repository.split('/');
  const hasHost = first.includes('.') || first.includes(':') || first === 'localhost';
  const path = hasHost && !rules.keepHost ? rest.join('/') : repository;
  return `${rules.registry}/${path}`;
}

/** Applies the rules to one manifest; everything that has nothing to do with them stays as it is. */
export function rewriteManifest(manifest: Json, repositories: readonly string[], rules: RewriteRules): Json {
  const moved = mapStrings(manifest, (text) => moveReference(text, repositories, rules)) as Json;
  addPullSecrets(moved, rules.pullSecrets);
  if (moved['kind'] === 'NetworkPolicy') closeEgress(moved, rules.egressCidrs);
  if (moved['kind'] === 'PrometheusRule') replaceRunbooks(moved, rules.runbookBaseUrl);
  return moved;
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change)]));
}

/** References by digest, and patterns (`repository*`) of known repositories. */
function moveReference(text: string, repositories: readonly string[], rules: RewriteRules): string {
  if (referencePattern.test(text)) {
    const end = text.search(/(:[^:/@]+)?@sha256:/);
    return `${toMirror(text.slice(0, end), rules)}${text.slice(end)}`;
  }
  const known = repositories.find((repository) => text === repository || text.startsWith(`${repository}*`));
  return known ? `${toMirror(known, rules)}${text.slice(known.length)}` : text;
}

/** Adds the secrets to every pod spec, wherever one stands, and to the clusters of CloudNativePG. */
function addPullSecrets(value: unknown, names: readonly string[]): void {
  if (names.length === 0 || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) addPullSecrets(item, names);
    return;
  }
  const object = value as Json;
  const isPodSpec =
    Array.isArray(object['containers']) &&
    (object['containers'] as unknown[]).every((c) => typeof (c as Json)?.['image'] === 'string');
  if (isPodSpec || typeof object['imageName'] === 'string') {
    const present = (object['imagePullSecrets'] ?? []) as { name: string }[];
    const added = names.filter((name) => !present.some((secret) => secret.name === name));
    object['imagePullSecrets'] = [...present, ...added.map((name) => ({ name }))];
  }
  for (const child of Object.values(object)) addPullSecrets(child, names);
}

interface EgressRule {
  to?: { ipBlock?: { cidr: string } }[];
  ports?: unknown[];
}

/** Ranges that cannot lead out of the site stay; every other one becomes the declared ranges. */
function closeEgress(policy: Json, declared: readonly string[]): void {
  const spec = policy['spec'] as { egress?: EgressRule[] };
  if (!spec.egress) return;
  spec.egress = spec.egress
    .map((rule) => closeRule(rule, declared))
    .filter((rule) => rule.to === undefined || rule.to.length > 0);
}

function closeRule(rule: EgressRule, declared: readonly string[]): EgressRule {
  const peers = rule.to ?? [];
  const outside = peers.filter(
    (peer) => peer.ipBlock && !isPrivate(peer.ipBlock.cidr) && !declared.includes(peer.ipBlock.cidr),
  );
  if (outside.length === 0) return rule;
  const kept = peers.filter((peer) => !outside.includes(peer));
  const present = new Set(kept.map((peer) => peer.ipBlock?.cidr));
  return {
    ...rule,
    to: [...kept, ...declared.filter((cidr) => !present.has(cidr)).map((cidr) => ({ ipBlock: { cidr } }))],
  };
}

/** First number, least and greatest second number, and length of the prefix (RFC 1918, 6598, 3927). */
const privateRanges = [
  [10, 0, 255, 8],
  [172, 16, 31, 12],
  [192, 168, 168, 16],
  [100, 64, 127, 10],
  [169, 254, 254, 16],
] as const;

/** Private, shared, link-local and unique-local ranges (RFC 1918, 6598, 3927, 4193). */
export function isPrivate(cidr: string): boolean {
  const [address = '', bits = '0'] = cidr.split('/');
  const size = Number(bits);
  if (address.includes(':')) return /^f[cd]/i.test(address) && size >= 7;
  const [a = 0, b = 0] = address.split('.').map(Number);
  return privateRanges.some(
    ([first, from, to, prefix]) => a === first && b >= from && b <= to && size >= prefix,
  );
}

function replaceRunbooks(rule: Json, base: string | undefined): void {
  const { groups } = rule['spec'] as {
    groups: { rules: { alert?: string; annotations?: Record<string, string> }[] }[];
  };
  for (const { alert, annotations } of groups.flatMap((group) => group.rules)) {
    if (!annotations) continue;
    if (base === undefined) delete annotations['runbook_url'];
    else annotations['runbook_url'] = `${base}#${(alert ?? '').toLowerCase()}`;
  }
}
