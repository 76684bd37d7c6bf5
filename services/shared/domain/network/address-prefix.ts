import { isIP, isIPv4 } from 'node:net';

/** A block of addresses. */
export interface AddressPrefix {
  /** 4 bytes (IPv4) or 16 (IPv6) in network order; bits beyond the prefix are 0. */
  readonly address: Uint8Array;
  /** Length of the prefix in bits. */
  readonly bits: number;
}

/**
 * Parses "address/bits" (RFC 4632, RFC 4291) or a bare address, which is a block of one.
 *
 * @returns undefined where a text is neither
 */
export function tryParseAddressPrefix(text: string): AddressPrefix | undefined {
  const [address = '', bitsText, rest] = text.split('/');
  const family = isIP(address);
  const width = family === 6 ? 128 : 32;
  const bits = bitsText === undefined ? width : Number(bitsText);
  if (family === 0 || bitsText === '' || rest !== undefined) return undefined;
  if (!Number.isInteger(bits) || bits < 0 || bits > width) return undefined;
  const bytes = family === 4 ? parseIPv4(address) : parseIPv6(address);
  return { address: clearBeyond(bytes, bits), bits };
}

/** Values by block of addresses; the most specific block that holds an address answers for it. */
export class PrefixTable<Value> {
  readonly #byLength = new Map<string, Map<string, Value>>();
  #lengths: readonly { readonly key: string; readonly width: number; readonly bits: number }[] = [];

  /** Sets the value of a block in place of the one that it had. */
  set({ address, bits }: AddressPrefix, value: Value): void {
    const key = `${address.length}/${bits}`;
    const known = this.#byLength.get(key);
    if (known !== undefined) {
      known.set(hex(address), value);
      return;
    }
    this.#byLength.set(key, new Map([[hex(address), value]]));
    this.#lengths = [...this.#lengths, { key, width: address.length, bits }].sort((a, b) => b.bits - a.bits);
  }

  /** The value of the most specific block around an address; at most 160 look-ups. */
  tryFind({ address, bits }: AddressPrefix): Value | undefined {
    for (const length of this.#lengths) {
      if (length.width !== address.length || length.bits > bits) continue;
      const found = this.#byLength.get(length.key)?.get(hex(clearBeyond(address, length.bits)));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function parseIPv4(text: string): Uint8Array {
  return Uint8Array.from(text.split('.').map(Number));
}

function parseIPv6(text: string): Uint8Array {
  const [head = '', tail] = (text.split('%')[0] ?? '').split('::');
  const groups = (part: string): number[] =>
    part === ''
      ? []
      : part.split(':').flatMap((group) => (isIPv4(group) ? pairs(group) : [parseInt(group, 16)]));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0);
  const all = [...front, ...zeros, ...back];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}

function pairs(ipv4: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = parseIPv4(ipv4);
  return [a * 256 + b, c * 256 + d];
}

function clearBeyond(bytes: Uint8Array, bits: number): Uint8Array {
  return bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    return byte & (0xff << (8 - kept));
  });
}
