import { annotationKeys } from '@kubehero/contract';
import { ApiError, getJson, writeJson, type ApiServer, type ApiWrite } from '@kubehero/kubernetes';
import type { Action, Intent, Witness } from '../audit/action-record.js';
import type { AuditChain } from '../audit/audit-chain.js';
import type { RawObject } from '../world/raw-object.js';
import { objectPath } from '../world/watched-kinds.js';
import type { Workload, WorldKind, WorldObject } from '../world/world-objects.js';
import type { World } from '../world/world.js';
import type { Change } from './change.js';

/** Name under which the API server keeps which fields are the operator's. */
export const fieldManager = 'kubehero-operator';

const defaultTimeoutMs = 15_000;
/** So often an object is read again when somebody else writes it at the same time. */
const mostConflicts = 5;

/** What a writer works with. */
export interface WriterOptions {
  readonly api: ApiServer;
  readonly world: World;
  readonly audit: AuditChain;
  /** Longest time that a call may take. @default 15000 */
  readonly timeoutMs?: number;
}

/** A write that is recorded. */
export interface RecordedWrite {
  readonly action: Action;
  readonly witness: Witness;
  /** Path, method, body and content type. */
  readonly write: Pick<ApiWrite, 'method' | 'path' | 'body' | 'contentType'>;
  /** False where what the server stored shows that nothing changed: then nothing is recorded. */
  readonly isChange?: (stored: unknown) => boolean;
}

/** Writes to the cluster: each one is announced on disk, done, and recorded. */
export class RecordedWriter {
  #resolving: Promise<void> = Promise.resolve();

  readonly #timeoutMs: number;

  constructor(private readonly options: WriterOptions) {
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  }

  /**
   * Changes a workload by what `compute` finds missing; where somebody else wrote it meanwhile it is read again.
   *
   * @returns the change that was made, undefined where nothing was missing or the object is gone
   * @throws {ApiError} by status; CONFLICT when others keep writing it
   */
  async change(
    workload: Workload,
    compute: (workload: Workload) => { change: Change; action: Action } | undefined,
    signal: AbortSignal,
  ): Promise<Change | undefined> {
    let current: Workload | undefined = workload;
    for (let attempt = 0; current !== undefined; attempt += 1) {
      const next = compute(current);
      if (next === undefined) return undefined;
      const { kind, namespace, name, uid, resourceVersion } = current;
      const metadata = { ...(next.change.patch['metadata'] as object), resourceVersion };
      try {
        const raw = await this.write(
          {
            action: next.action,
            witness: { kind, namespace, name, uid, expects: 'marked', mark: next.change.mark },
            write: {
              method: 'PATCH',
              path: `${objectPath(kind, namespace, name)}?fieldManager=${fieldManager}`,
              contentType: 'application/merge-patch+json',
              body: { ...next.change.patch, metadata },
            },
          },
          signal,
        );
        if (raw === undefined) return undefined;
        return next.change;
      } catch (error) {
        const isConflict = error instanceof ApiError && error.code === 'CONFLICT';
        if (!isConflict || attempt >= mostConflicts) throw error;
        current = await this.#read(current, signal);
      }
    }
    return undefined;
  }

  /**
   * Writes and records.
   *
   * @returns what the server stored, undefined where the object is gone
   * @throws {ApiError} by status
   */
  async write({ action, witness, write, isChange }: RecordedWrite, signal: AbortSignal): Promise<unknown> {
    const { api, audit } = this.options;
    const intent = await audit.intend(action, witness);
    try {
      const raw = await writeJson({
        server: api,
        signal,
        timeoutMs: this.#timeoutMs,
        what: nameOf(write.method, witness),
        ...write,
      });
      if (witness.expects !== 'gone') this.options.world.take(witness.kind, raw);
      if (isChange?.(raw) === false) await audit.drop(intent);
      else await audit.done(intent);
      return raw;
    } catch (error) {
      return await this.#afterFailure(intent, error);
    }
  }

  /** Writes what is no action: only the words of a guard, or what wakes a controller up. */
  async writeUnrecorded(
    { kind, namespace, name }: Pick<WorldObject, 'kind' | 'namespace' | 'name'>,
    write: RecordedWrite['write'],
    signal: AbortSignal,
  ): Promise<void> {
    const server = this.options.api;
    const what = nameOf(write.method, { kind, namespace, name });
    try {
      const raw = await writeJson({ server, signal, timeoutMs: this.#timeoutMs, what, ...write });
      if (write.method !== 'DELETE') this.options.world.take(kind, raw);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'NOT_FOUND') throw error;
    }
  }

  /** True where an object is not there any more, read from the server: a name that another one took is no object. */
  async isGone(
    object: Pick<WorldObject, 'kind' | 'namespace' | 'name' | 'uid'>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const raw = await this.#tryGet({ ...object, expects: 'gone' }, signal);
    return raw?.metadata?.uid !== object.uid;
  }

  /** Finds out about actions that were announced and of which nobody knows whether they were done. */
  async resolve(signal: AbortSignal): Promise<void> {
    const next = this.#resolving.catch(() => undefined).then(() => this.#resolveAll(signal));
    this.#resolving = next;
    await next;
  }

  async #resolveAll(signal: AbortSignal): Promise<void> {
    const { audit } = this.options;
    for (const intent of audit.doubtful()) {
      const wasDone = await this.#tryTell(intent, signal);
      if (wasDone === undefined) await audit.doneOrNot(intent);
      else if (wasDone) await audit.done(intent);
      else await audit.drop(intent);
    }
  }

  /** Whether an action was done, undefined where what it left would be gone with its object. */
  async #tryTell({ witness }: Intent, signal: AbortSignal): Promise<boolean | undefined> {
    const raw = await this.#tryGet(witness, signal);
    const isMeant = witness.uid === '' || raw?.metadata?.uid === witness.uid;
    const metadata = isMeant ? raw?.metadata : undefined;
    switch (witness.expects) {
      case 'present':
        return metadata !== undefined;
      case 'gone':
        return metadata === undefined || metadata.deletionTimestamp !== undefined;
      case 'marked':
        return metadata && (metadata.annotations?.[annotationKeys.held] ?? null) === witness.mark;
    }
  }

  async #tryGet({ kind, namespace, name }: Witness, signal: AbortSignal): Promise<RawObject | undefined> {
    try {
      return (await getJson({
        server: this.options.api,
        path: objectPath(kind, namespace, name),
        what: nameOf('GET', { kind, namespace, name }),
        signal,
        idleTimeoutMs: this.#timeoutMs,
      })) as RawObject;
    } catch (error) {
      if (error instanceof ApiError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  async #read({ kind, namespace, name, uid }: Workload, signal: AbortSignal): Promise<Workload | undefined> {
    const raw = await this.#tryGet({ kind, namespace, name, uid, expects: 'present' }, signal);
    return raw?.metadata?.uid === uid ? this.options.world.projectWorkload(kind, raw) : undefined;
  }

  /** A write that failed without an answer may have been done: its announcement stays until somebody looks. */
  async #afterFailure(intent: Intent, error: unknown): Promise<undefined> {
    const { audit } = this.options;
    const isRefused =
      error instanceof ApiError && error.code !== 'UNREACHABLE' && error.code !== 'UNEXPECTED';
    if (isRefused) await audit.drop(intent);
    else audit.leave(intent);
    if (isRefused && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

function nameOf(
  method: string,
  { kind, namespace, name }: { kind: WorldKind; namespace: string; name: string },
): string {
  const verbs: Readonly<Record<string, string>> = {
    GET: 'read',
    DELETE: 'delete',
    PATCH: 'write',
    POST: 'make',
  };
  return `${verbs[method] ?? method} ${kind} ${namespace === '' ? name : `${namespace}/${name}`}`;
}
