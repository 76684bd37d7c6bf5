import { StringDecoder } from 'node:string_decoder';

/** An event of a text/event-stream. */
export interface SseEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}

/** A stream that does not keep within bounds. */
export class SseOverflowError extends Error {
  readonly code = 'EVENT_TOO_LARGE';
}

/** Largest event that is taken: 15 minutes of about 2,000 groups. */
const MAX_EVENT_CHARACTERS = 64 * 1024 * 1024;

/**
 * Splits a text/event-stream into events (https://html.spec.whatwg.org/multipage/server-sent-events.html), for
 * lines that end in LF or CRLF.
 */
export class SseParser {
  private readonly decoder = new StringDecoder('utf8');
  private readonly pending: string[] = [];
  private pendingCharacters = 0;
  private event = '';
  private data: string[] = [];
  private dataCharacters = 0;
  private id = '';

  /** Takes bytes as they come; gives the events that they complete. @throws SseOverflowError */
  push(chunk: Buffer): SseEvent[] {
    const text = this.decoder.write(chunk);
    const lines = text.split('\n');
    const events: SseEvent[] = [];
    const rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = this.line(this.take(line));
      if (event !== undefined) events.push(event);
    }
    this.keep(rest);
    return events;
  }

  private take(end: string): string {
    if (this.pending.length === 0) return end;
    const line = this.pending.join('') + end;
    this.pending.length = 0;
    this.pendingCharacters = 0;
    return line;
  }

  private keep(rest: string): void {
    if (rest !== '') this.pending.push(rest);
    this.pendingCharacters += rest.length;
    if (this.pendingCharacters + this.dataCharacters > MAX_EVENT_CHARACTERS) {
      throw new SseOverflowError(`stream event is longer than ${MAX_EVENT_CHARACTERS} characters`);
    }
  }

  private line(raw: string): SseEvent | undefined {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    this.field(field, value);
    return undefined;
  }

  private field(field: string, value: string): void {
    if (field === 'event') this.event = value;
    if (field === 'id') this.id = value;
    if (field !== 'data') return;
    this.data.push(value);
    this.dataCharacters += value.length;
  }

  private dispatch(): SseEvent | undefined {
    const { event, data, id } = this;
    this.event = '';
    this.data = [];
    this.dataCharacters = 0;
    return data.length === 0
      ? undefined
      : { event: event === '' ? 'message' : event, data: data.join('\n'), id };
  }
}
