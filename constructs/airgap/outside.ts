/** Keys of schema documents whose texts are explanations, not addresses. */
const explanations = new Set(['description', 'message', 'runbook', 'summary']);

/**
 * Hosts that a manifest names in URLs, less those inside of the cluster and the allowed ones.
 * An allowed host that begins with `*.` stands for everything under it, and for itself.
 */
export function outsideHosts(manifest: unknown, allowed: readonly string[]): string[] {
  const found = new Set<string>();
  const { metadata, ...rest } = manifest as { metadata?: unknown };
  collect(rest, found);
  // What people write into metadata is no explanation of a schema, whatever its key
  collectAll(metadata, found);
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

function collectAll(value: unknown, found: Set<string>): void {
  if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) collectAll(item, found);
  else if (typeof value === 'string') collectText(value, found);
}

/** Hosts of URLs of any scheme; that of `s3://` is a bucket's name. */
function collectText(text: string, found: Set<string>): void {
  for (const match of text.matchAll(
    /\b([a-z][a-z0-9+.-]*):\/\/(?:[^\s/@"'<>]*@)?(\[[0-9a-f:.]+\]|[^\s/:"'<>?#{},;)]+)/gi,
  )) {
    if (match[1]?.toLowerCase() !== 's3') found.add((match[2] ?? '').toLowerCase());
  }
}

function isInside(host: string): boolean {
  return (
    /^(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[(::1?|f[cd][0-9a-f:]*|fe80:[0-9a-f:]*)\])$/.test(host) ||
    /\.svc(\.|$)/.test(host) ||
    // A number alone is an address, too
    (!host.includes('.') && !host.startsWith('[') && !/^(\d+|0x[0-9a-f]+)$/.test(host))
  );
}

function matches(host: string, pattern: string): boolean {
  const bare = pattern.replace(/:\d+$/, '');
  if (bare.startsWith('*.')) return host === bare.slice(2) || host.endsWith(bare.slice(1));
  return host === bare;
}
