import { PricingError } from '../errors.js';

/** What to do with the value at a path: go into it, hand out its text, or pass over it. */
export type PathDecision = 'enter' | 'capture' | 'skip';

/** How a document is taken apart. Array elements have the key `*`. */
export interface RecordReaderOptions {
  /** Asked once per value with the keys that lead to it; the array MUST NOT be kept. A scalar is never entered. */
  readonly decide: (path: readonly string[]) => PathDecision;
  /** Called with the bytes of a captured value, which are valid only during the call. */
  readonly onRecord: (path: readonly string[], bytes: Buffer, offset: number) => void;
  /** Name of the input for messages. */
  readonly name: string;
  /** Largest captured value in bytes, @default 4 MiB */
  readonly maxRecordBytes?: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const MAX_DEPTH = 128;
const MAX_KEY_BYTES = 4096;

const enum Expect {
  Value,
  ValueOrEnd,
  Key,
  KeyOrEnd,
  Colon,
  CommaOrEnd,
  End,
}

const enum Raw {
  None,
  Container,
  Text,
  Scalar,
  Key,
}

/**
 * Takes a JSON document apart as it streams by, holding one captured value at a time: memory is bounded by the
 * largest captured value, whatever the document's size. Values that are skipped are only scanned for their end.
 */
export class JsonRecordReader {
  readonly #options: RecordReaderOptions;
  readonly #maxBytes: number;
  readonly #path: string[] = [];
  /** 1 for an object, 0 for an array, per entered level. */
  readonly #levels: number[] = [];
  #expect: Expect = Expect.Value;
  #raw: Raw = Raw.None;
  #capturing = false;
  #nesting = 0;
  #inText = false;
  #escaped = false;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #recordOffset = 0;
  #base = 0;

  constructor(options: RecordReaderOptions) {
    this.#options = options;
    this.#maxBytes = options.maxRecordBytes ?? 4 * 1024 * 1024;
  }

  /** Takes the next bytes. They are not kept beyond the call. @throws PricingError NOT_JSON, TOO_LARGE */
  write(chunk: Buffer): void {
    let at = this.#base === 0 && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0;
    while (at < chunk.length)
      at = this.#raw === Raw.None ? this.#structure(chunk, at) : this.#rawValue(chunk, at);
    this.#base += chunk.length;
  }

  /** Says that the input ended. @throws PricingError TRUNCATED when the document is not complete */
  end(): void {
    if (this.#raw === Raw.Scalar && this.#levels.length === 0) this.#finishRaw(Buffer.alloc(0), 0, 0);
    if (this.#expect === Expect.End) return;
    const place = this.#path.length === 0 ? 'the top level' : this.#path.join('.');
    throw new PricingError(
      'TRUNCATED',
      `${this.#options.name} ends early: the document is still open at ${place}, byte ${String(this.#base)}: fetch it again`,
    );
  }

  #structure(chunk: Buffer, start: number): number {
    let at = start;
    while (at < chunk.length) {
      const byte = chunk[at] ?? 0;
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
        at += 1;
        continue;
      }
      at = this.#token(byte, at);
      if (this.#raw !== Raw.None) return at;
    }
    return at;
  }

  /** @returns where to go on: behind the byte, or at it when it begins a raw value */
  #token(byte: number, at: number): number {
    switch (this.#expect) {
      case Expect.Value:
        return this.#beginValue(byte, at);
      case Expect.ValueOrEnd:
        return byte === CLOSE_BRACKET ? this.#leave(byte, at) : this.#beginValue(byte, at);
      case Expect.Key:
      case Expect.KeyOrEnd:
        return this.#key(byte, at);
      case Expect.Colon:
        if (byte !== COLON) this.#fail(at, "':'");
        this.#expect = Expect.Value;
        return at + 1;
      case Expect.CommaOrEnd:
        return this.#commaOrEnd(byte, at);
      default:
        return this.#fail(at, 'nothing more');
    }
  }

  #key(byte: number, at: number): number {
    if (byte === CLOSE_BRACE && this.#expect === Expect.KeyOrEnd) return this.#leave(byte, at);
    if (byte !== QUOTE) this.#fail(at, 'a key');
    this.#beginRaw(Raw.Key, true, at);
    return at;
  }

  #commaOrEnd(byte: number, at: number): number {
    if (byte !== COMMA) return this.#leave(byte, at);
    const inObject = this.#levels[this.#levels.length - 1] === 1;
    if (!inObject) this.#path.push('*');
    this.#expect = inObject ? Expect.Key : Expect.Value;
    return at + 1;
  }

  // eslint-disable-next-line kubehero/complexity -- one decision per byte that may start a value, on the hot path
  #beginValue(byte: number, at: number): number {
    if (this.#expect === Expect.ValueOrEnd) this.#path.push('*');
    const isObject = byte === OPEN_BRACE;
    const container = isObject || byte === OPEN_BRACKET;
    const decision = this.#options.decide(this.#path);
    if (container && decision === 'enter') {
      if (this.#levels.length >= MAX_DEPTH) this.#fail(at, `at most ${String(MAX_DEPTH)} levels`);
      this.#levels.push(isObject ? 1 : 0);
      this.#expect = isObject ? Expect.KeyOrEnd : Expect.ValueOrEnd;
      return at + 1;
    }
    const kind = container ? Raw.Container : byte === QUOTE ? Raw.Text : Raw.Scalar;
    if (kind === Raw.Scalar && !isScalarStart(byte)) this.#fail(at, 'a value');
    this.#beginRaw(kind, decision === 'capture', at);
    return at;
  }

  #leave(byte: number, at: number): number {
    const level = this.#levels.pop();
    if (level === undefined || byte !== (level === 1 ? CLOSE_BRACE : CLOSE_BRACKET)) {
      this.#fail(at, level === 0 ? "',' or ']'" : "',' or '}'");
    }
    this.#afterValue();
    return at + 1;
  }

  #afterValue(): void {
    this.#path.pop();
    this.#expect = this.#levels.length === 0 ? Expect.End : Expect.CommaOrEnd;
  }

  #beginRaw(kind: Raw, capturing: boolean, at: number): void {
    this.#raw = kind;
    this.#capturing = capturing;
    this.#nesting = 0;
    this.#inText = false;
    this.#escaped = false;
    this.#recordOffset = this.#base + at;
  }

  #rawValue(chunk: Buffer, start: number): number {
    const end =
      this.#raw === Raw.Container
        ? this.#scanContainer(chunk, start)
        : this.#raw === Raw.Scalar
          ? scanScalar(chunk, start)
          : this.#scanText(chunk, start);
    if (end < 0) {
      this.#hold(chunk, start);
      return chunk.length;
    }
    this.#finishRaw(chunk, start, end);
    return end;
  }

  /** @returns the index behind the container's end, or -1 when it goes on in the next chunk */
  // eslint-disable-next-line kubehero/complexity -- the loop over every byte of a price file: calls would cost its speed
  #scanContainer(chunk: Buffer, start: number): number {
    let nesting = this.#nesting;
    let inText = this.#inText;
    let at = start;
    const length = chunk.length;
    if (this.#escaped && at < length) {
      at += 1;
      this.#escaped = false;
    }
    for (; at < length; at += 1) {
      const byte = chunk[at];
      if (inText) {
        if (byte === QUOTE) inText = false;
        else if (byte === BACKSLASH) at += 1;
      } else if (byte === QUOTE) inText = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) nesting += 1;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        nesting -= 1;
        if (nesting === 0) return at + 1;
      }
    }
    if (nesting > MAX_DEPTH) this.#fail(length, `at most ${String(MAX_DEPTH)} levels`);
    this.#escaped = at > length;
    this.#nesting = nesting;
    this.#inText = inText;
    return -1;
  }

  #scanText(chunk: Buffer, start: number): number {
    let at = start;
    if (this.#escaped) {
      at += 1;
      this.#escaped = false;
    } else if (!this.#inText) {
      at += 1;
      this.#inText = true;
    }
    for (; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === QUOTE) return at + 1;
      if (byte === BACKSLASH) at += 1;
    }
    this.#escaped = at > chunk.length;
    return -1;
  }

  #hold(chunk: Buffer, start: number): void {
    if (!this.#capturing) return;
    this.#heldBytes += chunk.length - start;
    this.#checkSize();
    this.#held.push(Buffer.from(chunk.subarray(start)));
  }

  #checkSize(): void {
    const limit = this.#raw === Raw.Key ? MAX_KEY_BYTES : this.#maxBytes;
    if (this.#heldBytes <= limit) return;
    const place = `${this.#path.join('.')} at byte ${String(this.#recordOffset)}`;
    throw new PricingError(
      'TOO_LARGE',
      `${this.#options.name}: the value ${place} is larger than ${String(limit)} bytes: this is not the format that it claims`,
    );
  }

  #finishRaw(chunk: Buffer, start: number, end: number): void {
    const kind = this.#raw;
    this.#raw = Raw.None;
    if (!this.#capturing) {
      this.#afterValue();
      return;
    }
    this.#heldBytes += end - start;
    this.#checkSize();
    const tail = chunk.subarray(start, end);
    const bytes = this.#held.length === 0 ? tail : Buffer.concat([...this.#held, tail]);
    this.#held = [];
    this.#heldBytes = 0;
    if (kind === Raw.Key) this.#takeKey(bytes);
    else {
      this.#options.onRecord(this.#path, bytes, this.#recordOffset);
      this.#afterValue();
    }
  }

  #takeKey(bytes: Buffer): void {
    const text = bytes.toString('utf8');
    const plain = !text.includes('\\');
    this.#path.push(plain ? text.slice(1, -1) : this.#unescape(text));
    this.#expect = Expect.Colon;
  }

  #unescape(text: string): string {
    try {
      return String(JSON.parse(text));
    } catch (cause) {
      throw new PricingError('NOT_JSON', this.#message(this.#recordOffset, 'a key'), { cause });
    }
  }

  #message(offset: number, wanted: string): string {
    return `${this.#options.name} is not the JSON that it should be: expected ${wanted} at byte ${String(offset)}: fetch it again or name another file`;
  }

  #fail(at: number, wanted: string): never {
    throw new PricingError('NOT_JSON', this.#message(this.#base + at, wanted));
  }
}

function isScalarStart(byte: number): boolean {
  return byte === 0x2d || (byte >= 0x30 && byte <= 0x39) || byte === 0x74 || byte === 0x66 || byte === 0x6e;
}

function scanScalar(chunk: Buffer, start: number): number {
  for (let at = start; at < chunk.length; at += 1) {
    const byte = chunk[at] ?? 0;
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= 0x20) return at;
  }
  return -1;
}
