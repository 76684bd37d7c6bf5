/**
 * Mixes two 32-bit words into one that looks random (the finalizer of MurmurHash3 over a Weyl-like combination).
 * Everything that the simulator invents is such a function of the seed, the subject and the second, without state:
 * any second can be made again, in any order, and is the same.
 */
export function mix(left: number, right: number): number {
  let word = Math.imul(left ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(right + 0x165667b1, 0xc2b2ae35);
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

/** Mixes a text into one 32-bit word. */
export function mixText(seed: number, text: string): number {
  let word = seed >>> 0;
  for (let index = 0; index < text.length; index += 1) word = mix(word, text.charCodeAt(index));
  return word;
}

/** A word as a fraction: 0 is in, 1 is not. */
export function toFraction(word: number): number {
  return word / 4_294_967_296;
}

/** A UUID (RFC 9562, version 8: made by us) out of a word. */
export function toUuid(word: number): string {
  const hex = [1, 2, 3, 4].map((part) => mix(word, part).toString(16).padStart(8, '0')).join('');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
