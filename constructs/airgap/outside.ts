/** Keys of schema documents whose texts are explanations, not addresses. */
const explanations = new Set(['description', 'message', 'runbook', 'summary']);

/**
 * Hosts that a manifest names in URLs, less those inside of the cluster and the allowed ones.
 * An allowed host that begins with `*.` stands for everything under it, and for itself.
 */
export function outsideHosts(manifest: unknown, allowed: readonly string[]): string[] {
  const found = new Set<string>();
  collect(manifest, found);
  return [...found]
    .filter((host) => !isInside(host) && !allowed.some((pattern) => matches(host, pattern)))
    .sort();
}

function collect(value: unknown, found: Set<string>): void {
  if (typeof value === 'string') collectText(value, found);
  else if (Array.isArray(value)) {
    for (const item of value) collect(item, found);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value))
      if (!explanations.has(key) || typeof item !== 'string') collect(item, found);
  }
}

function collectText(text: string, found: Set<string>): void {
  for (const match of text.matchAll(
    /\b(?:https?|s3|grpcs?|wss?|oci|git|ssh):\/\/(?:[^\s/@"'<>]*@)?([^\s/:"'<>?#{},;)]+)/gi,
  )) {
    if (!match[0].toLowerCase().startsWith('s3:')) found.add((match[1] ?? '').toLowerCase());
  }
}

function isInside(host: string): boolean {
  return (
    /^(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[.*)$/.test(host) ||
    /\.svc(\.|$)/.test(host) ||
    !host.includes('.')
  );
}

function matches(host: string, pattern: string): boolean {
  const bare = pattern.replace(/:\d+$/, '');
  if (bare.startsWith('*.')) return host === bare.slice(2) || host.endsWith(bare.slice(1));
  return host === bare;
}
