import { HttpError, type HttpRoute } from '@kubehero/runtime';
import type { ServerResponse } from 'node:http';
import type { LivePublisher } from './live-publisher.js';
import { LIVE_GROUPINGS, type LiveGrouping, type LiveTick } from './live-ticks.js';

const KEEP_ALIVE_MS = 10_000;
/** A viewer that leaves this much unread is cut; it connects again and gets a snapshot. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;

/**
 * `GET /live?by=namespace`: server-sent events. First `snapshot` with the last 15 minutes, then `tick` for every
 * second; a tick for a second that was sent before replaces it. Comments every 10 s keep the connection alive.
 */
export function liveRoute(publisher: LivePublisher, guard: NonNullable<HttpRoute['guard']>): HttpRoute {
  return {
    method: 'GET',
    path: '/live',
    guard,
    handler: async (_request, response, context) => {
      const by = toGrouping(context.url.searchParams.get('by') ?? 'namespace');
      if (!publisher.canShow(by)) {
        throw new HttpError(
          503,
          `this replica follows, and only the leader can tell ${by}s: ask the Service`,
        );
      }
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      await stream(publisher, by, response, context.signal);
    },
  };
}

function toGrouping(text: string): LiveGrouping {
  const by = LIVE_GROUPINGS.find((candidate) => candidate === text);
  if (by === undefined)
    throw new HttpError(400, `'${text}' is no grouping: give one of ${LIVE_GROUPINGS.join(', ')}`);
  return by;
}

async function stream(
  publisher: LivePublisher,
  by: LiveGrouping,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const waiting: LiveTick[] = [];
  let send = (tick: LiveTick): void => void waiting.push(tick);
  const unsubscribe = publisher.subscribe(by, {
    onTick: (tick) => {
      send(tick);
    },
    onEnd: () => response.end(),
  });
  const keepAlive = setInterval(() => response.write(': still here\n\n'), KEEP_ALIVE_MS);
  try {
    const snapshot = await publisher.snapshot(by);
    write(response, 'snapshot', snapshot, snapshot.ticks.at(-1)?.second ?? 0);
    send = (tick): void => {
      write(response, 'tick', tick, tick.second);
      if (response.writableLength > MAX_BUFFERED_BYTES) response.destroy();
    };
    // Groups that ticks named while the snapshot was made are in the snapshot already, named twice at worst
    waiting.forEach(send);
    await ended(response, signal);
  } finally {
    clearInterval(keepAlive);
    unsubscribe();
    response.end();
  }
}

function write(response: ServerResponse, event: string, data: unknown, id: number): void {
  response.write(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
}

async function ended(response: ServerResponse, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted || response.destroyed) resolve();
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
    response.once('close', resolve);
  });
}
