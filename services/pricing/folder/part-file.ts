import { priceKey } from '@kubehero/domain';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import { createGzip } from 'node:zlib';
import type { CatalogueItem } from '../catalogue-store.js';
import type { InputFile } from '../stream/input.js';

const WRITE_CHARACTERS = 64 * 1024;

function orderKey(item: CatalogueItem): string {
  if (item.kind !== 'price') return JSON.stringify(item);
  return `${priceKey(item)}|${item.effectiveFrom ?? ''}|${item.effectiveTo ?? ''}`;
}

/**
 * Items as lines of text in one order, whatever order they come in. A line is made when it is asked for: a region's
 * text is tens of megabytes, and it is gone through twice.
 */
export class PartLines implements Iterable<string> {
  readonly #items: readonly CatalogueItem[];

  constructor(items: readonly CatalogueItem[]) {
    const keys = items.map(orderKey);
    const order = keys.map((_, index) => index);
    const line = (index: number): string => JSON.stringify(items[index]);
    order.sort((a, b) => compareTexts(keys[a] ?? '', keys[b] ?? '') || compareTexts(line(a), line(b)));
    this.#items = order.flatMap((index) => items[index] ?? []);
  }

  *[Symbol.iterator](): Iterator<string> {
    for (const item of this.#items) yield `${JSON.stringify(item)}\n`;
  }
}

function compareTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** SHA-256 of the lines' text, in hex: what a part's file is named by. */
export function digestOf(lines: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line);
  return hash.digest('hex');
}

/** The lines' text in gzip. Only the compressed text is held whole. */
export async function compressLines(lines: Iterable<string>): Promise<Buffer> {
  const gzip = createGzip({ level: 6 });
  const compressed: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => compressed.push(chunk));
  let pending = '';
  for (const line of lines) {
    pending += line;
    if (pending.length < WRITE_CHARACTERS) continue;
    if (!gzip.write(pending)) await once(gzip, 'drain');
    pending = '';
  }
  gzip.end(pending);
  await once(gzip, 'end');
  return Buffer.concat(compressed);
}

/**
 * Reads a part's file back, line by line.
 * @throws RangeError when the text is not what the digest is of, SyntaxError, or what opening the file throws
 */
export async function readLines(file: InputFile, digest: string): Promise<readonly CatalogueItem[]> {
  const hash = createHash('sha256');
  const decoder = new StringDecoder('utf8');
  const items: CatalogueItem[] = [];
  let rest = '';
  for await (const chunk of file.open()) {
    hash.update(chunk);
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') items.push(JSON.parse(line) as CatalogueItem);
  }
  const found = hash.digest('hex');
  if (found !== digest || rest !== '') throw new RangeError(`digest ${found}`);
  return items;
}
