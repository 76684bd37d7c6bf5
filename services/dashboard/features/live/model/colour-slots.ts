/** Colours of the categorical palette. */
export const COLOUR_SLOTS = 8;

/**
 * A colour slot for each name: the one that the name's hash asks for, or the next free one. Names are served in the
 * order of their hashes, so that the outcome depends on the set alone, not on its order. At most 8 names.
 */
export function assignColourSlots(names: readonly string[]): Map<string, number> {
  const wanted = [...new Set(names)]
    .map((name) => ({ name, hash: hashName(name) }))
    .sort((a, b) => a.hash - b.hash || (a.name < b.name ? -1 : 1));
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  for (const { name, hash } of wanted) {
    let slot = hash % COLOUR_SLOTS;
    while (taken.has(slot) && taken.size < COLOUR_SLOTS) slot = (slot + 1) % COLOUR_SLOTS;
    taken.add(slot);
    slots.set(name, slot);
  }
  return slots;
}

/** FNV-1a over UTF-16 code units (http://www.isthe.com/chongo/tech/comp/fnv/), with a final mix of its bits. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  }
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 3;
}
