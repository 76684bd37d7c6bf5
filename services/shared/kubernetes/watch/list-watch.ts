import { ApiError } from '../api/api-error.js';
import { getJson, openGet } from '../api/api-request.js';
import type { ApiServer } from '../api/api-server.js';

/** What every object of the API has. */
export interface ApiObject {
  readonly metadata?: { readonly uid?: string; readonly name?: string; readonly resourceVersion?: string };
}

/** What a watch tells. Calls come one after another. */
export interface WatchSink<T> {
  /** All objects there are; replaces everything known before. */
  onList(objects: readonly T[]): void;
  /** An object is new or changed. */
  onApply(object: T): void;
  /** An object is gone; its last state. */
  onDelete(object: T): void;
}

/** What is watched. */
export interface ListWatchOptions<T> extends WatchSink<T> {
  readonly server: ApiServer;
  /** Collection: "/api/v1/pods". */
  readonly path: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /**
   * Keeps of an object what its reader needs, page by page and event by event, so that a large collection is never held
   * whole. @default - the object as it came
   */
  readonly project?: (object: ApiObject) => T;
  /** A failed attempt; the next one follows after a growing pause. */
  readonly onFailure?: (error: ApiError, retryInMs: number) => void;
}

interface WatchEvent {
  readonly type?: string;
  readonly object?: { readonly code?: number; readonly message?: string } & ApiObject;
}

const pageSize = 500;
const watchSeconds = 290;
const listTimeoutMs = 30_000;
const firstPauseMs = 500;
const longestPauseMs = 15_000;
/** No object of the API is larger (etcd's limit is 1.5 MiB). */
const largestEventBytes = 8 * 1024 * 1024;

/**
 * Lists a collection, then watches it from there, for ever: a cut watch goes on where it was, an expired one lists
 * again. Bookmarks keep the version fresh. Memory is bounded by one event.
 */
export class ListWatch<T> {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private version: string | undefined;

  constructor(private readonly options: ListWatchOptions<T>) {}

  /** Starts; resolves when the first list was given to `onList`, however long that takes, or rejects if stopped. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.stopping.signal.addEventListener('abort', () => {
        reject(new ApiError('UNREACHABLE', `could not list ${this.options.path} before the stop`));
      });
      this.running = this.run(resolve);
    });
  }

  /** Ends the watch. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(onListed: () => void): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!this.stopping.signal.aborted) {
      try {
        this.version ??= await this.list();
        onListed();
        await this.watch(this.version);
        pauseMs = firstPauseMs;
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        if (error.code === 'EXPIRED') this.version = undefined;
        const pausedMs = Math.max(spread(pauseMs), error.retryAfterMs ?? 0);
        this.options.onFailure?.(error, pausedMs);
        await pause(pausedMs, this.stopping.signal);
        pauseMs = Math.min(longestPauseMs, pauseMs * 2);
      }
    }
  }

  private async list(): Promise<string> {
    const objects: T[] = [];
    let version = '';
    let next = '';
    do {
      const page = (await getJson({
        server: this.options.server,
        path: this.pathWith({ limit: String(pageSize), ...(next !== '' && { continue: next }) }),
        what: `list ${this.options.path}`,
        signal: this.stopping.signal,
        idleTimeoutMs: listTimeoutMs,
      })) as { items?: ApiObject[]; metadata?: { resourceVersion?: string; continue?: string } };
      for (const item of page.items ?? []) objects.push(this.project(item));
      version = page.metadata?.resourceVersion ?? '';
      next = page.metadata?.continue ?? '';
    } while (next !== '');
    this.options.onList(objects);
    return version;
  }

  private async watch(version: string): Promise<void> {
    const stream = await openGet({
      server: this.options.server,
      path: this.pathWith({
        watch: '1',
        allowWatchBookmarks: 'true',
        resourceVersion: version,
        timeoutSeconds: String(watchSeconds),
      }),
      what: `watch ${this.options.path}`,
      signal: this.stopping.signal,
      idleTimeoutMs: (watchSeconds + 30) * 1000,
    });
    try {
      for await (const line of linesOf(stream)) this.take(JSON.parse(line) as WatchEvent);
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      throw new ApiError('UNREACHABLE', `the watch of ${this.options.path} was cut`, { cause });
    } finally {
      stream.destroy();
    }
  }

  private take({ type, object }: WatchEvent): void {
    if (type === 'ERROR') {
      const code = object?.code === 410 ? 'EXPIRED' : 'UNEXPECTED';
      throw new ApiError(
        code,
        `the watch of ${this.options.path} failed: ${object?.message ?? 'unknown reason'}`,
      );
    }
    this.version = object?.metadata?.resourceVersion ?? this.version;
    if (object === undefined) return;
    if (type === 'ADDED' || type === 'MODIFIED') this.options.onApply(this.project(object));
    else if (type === 'DELETED') this.options.onDelete(this.project(object));
  }

  private project(object: ApiObject): T {
    return this.options.project === undefined ? (object as T) : this.options.project(object);
  }

  private pathWith(parameters: Record<string, string>): string {
    const { path, fieldSelector, labelSelector } = this.options;
    const query = new URLSearchParams({
      ...parameters,
      ...(fieldSelector !== undefined && { fieldSelector }),
      ...(labelSelector !== undefined && { labelSelector }),
    });
    return `${path}?${query.toString()}`;
  }
}

/** Between half of a pause and the whole: watches that were cut together do not come back together. */
function spread(ms: number): number {
  return Math.round(ms * (0.5 + Math.random() / 2));
}

async function* linesOf(stream: AsyncIterable<unknown>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    if (rest.length > largestEventBytes) {
      throw new ApiError('UNEXPECTED', `an event of the watch is larger than ${largestEventBytes} bytes`);
    }
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = rest.toString('utf8', 0, end);
      rest = rest.subarray(end + 1);
      if (line !== '') yield line;
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
