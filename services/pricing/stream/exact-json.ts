import { PricingError } from '../errors.js';

/** A JSON number as it was written; a binary float would change prices. */
export class ExactNumber {
  constructor(readonly text: string) {}
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\r\n]*/y;
const MAX_DEPTH = 64;

class Reader {
  #at = 0;

  constructor(private readonly text: string) {}

  document(): unknown {
    const value = this.#value(0);
    this.#space();
    if (this.#at !== this.text.length) this.#fail();
    return value;
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.text);
    this.#at = SPACE.lastIndex;
  }

  #value(depth: number): unknown {
    if (depth > MAX_DEPTH) this.#fail();
    this.#space();
    const first = this.text[this.#at];
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#array(depth);
    if (first === '"') return this.#string();
    return this.#scalar();
  }

  #scalar(): unknown {
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (!this.text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.text);
    if (match === null) return this.#fail();
    this.#at = NUMBER.lastIndex;
    return new ExactNumber(match[0]);
  }

  #string(): string {
    const start = this.#at;
    let end = start + 1;
    for (;;) {
      const character = this.text[end];
      if (character === undefined) return this.#fail();
      if (character === '"') break;
      end += character === '\\' ? 2 : 1;
    }
    this.#at = end + 1;
    return JSON.parse(this.text.slice(start, this.#at)) as string;
  }

  #object(depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    this.#at += 1;
    if (this.#closes('}')) return result;
    do {
      this.#space();
      if (this.text[this.#at] !== '"') this.#fail();
      const key = this.#string();
      this.#space();
      if (this.text[this.#at] !== ':') this.#fail();
      this.#at += 1;
      result[key] = this.#value(depth + 1);
    } while (this.#more('}'));
    return result;
  }

  #array(depth: number): unknown[] {
    const result: unknown[] = [];
    this.#at += 1;
    if (this.#closes(']')) return result;
    do result.push(this.#value(depth + 1));
    while (this.#more(']'));
    return result;
  }

  #closes(end: string): boolean {
    this.#space();
    if (this.text[this.#at] !== end) return false;
    this.#at += 1;
    return true;
  }

  #more(end: string): boolean {
    if (this.#closes(end)) return false;
    if (this.text[this.#at] !== ',') this.#fail();
    this.#at += 1;
    return true;
  }

  #fail(): never {
    throw new SyntaxError(`unexpected text at character ${String(this.#at)}`);
  }
}

/** Where a value came from, for messages. */
export interface RecordPlace {
  readonly name: string;
  readonly offset: number;
}

/** Reads one JSON value with its numbers as {@link ExactNumber}. @throws PricingError NOT_JSON */
export function parseExactJson(text: string, place: RecordPlace): unknown {
  try {
    return new Reader(text).document();
  } catch (cause) {
    throw notJson(place, cause);
  }
}

/** Reads one JSON value whose numbers are all small integers or text. @throws PricingError NOT_JSON */
export function parseJson(text: string, place: RecordPlace): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw notJson(place, cause);
  }
}

function notJson(place: RecordPlace, cause: unknown): PricingError {
  const where = `byte ${String(place.offset)}`;
  return new PricingError(
    'NOT_JSON',
    `${place.name}: the record at ${where} is not valid JSON: fetch the file again`,
    { cause },
  );
}

/** The value as an object, or an empty one. */
export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** The value as an array, or an empty one. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as text; numbers as they were written; everything else is empty. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof ExactNumber) return value.text;
  return typeof value === 'number' ? String(value) : '';
}
