import type { ServerResponse } from 'node:http';

/** Bytes that may wait for a slow browser: several snapshots. Beyond it is dropped; it reconnects by itself. */
export const MAX_WAITING_BYTES = 2 * 1024 * 1024;

/** Renders an event of a text/event-stream. */
export function frame(event: string, body: unknown, id?: number): Buffer {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return Buffer.from(`event: ${event}\n${idLine}data: ${JSON.stringify(body)}\n\n`);
}

/** One browser's stream. Frames are shared between viewers, never copied. */
export class LiveViewer {
  constructor(private readonly response: ServerResponse) {}

  /** Sends the headers of the stream and asks for reconnects after a second. */
  open(): void {
    this.response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    });
    this.response.write('retry: 1000\n\n');
  }

  /** Sends a frame; drops the viewer where too much waits. Returns false once the viewer is gone. */
  send(bytes: Buffer): boolean {
    if (this.response.destroyed) return false;
    if (this.response.writableLength > MAX_WAITING_BYTES) {
      this.response.destroy();
      return false;
    }
    this.response.write(bytes);
    return true;
  }

  /** Ends the stream; the browser reconnects. */
  end(): void {
    this.response.end();
  }
}
