import { createHash } from 'node:crypto';
import { budgetPolicyNames } from '@kubehero/contract';
import { writeJson, type ApiServer } from '@kubehero/kubernetes';
import type { Logger } from '@kubehero/runtime';
import { policyApiVersion, type BudgetPolicyObject } from './budget-policy.js';

/** Something that happened to a policy. */
export interface PolicyEvent {
  readonly type: 'Normal' | 'Warning';
  /** UpperCamelCase. */
  readonly reason: string;
  /** What was done, UpperCamelCase. */
  readonly action: string;
  /** One sentence. */
  readonly note: string;
}

/** What an {@link EventRecorder} works with. */
export interface EventRecorderOptions {
  readonly server: ApiServer;
  /** Name of this replica. */
  readonly instance: string;
  readonly logger: Logger;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface Series {
  readonly name: string;
  readonly firstAt: number;
  count: number;
  sentAt: number;
}

const CONTROLLER = 'kubehero.io/operator';
/** Events of objects of the whole cluster stand there (k8s.io/client-go tools/events). */
const NAMESPACE = 'default';
const SERIES_MS = 10 * 60_000;
const REPEAT_MS = 60_000;
const MAX_SERIES = 4000;
const MAX_NOTE = 1024;
const WRITE_TIMEOUT_MS = 5000;

/**
 * Writes `events.k8s.io/v1` about policies. The same event within ten minutes is counted in one series, which is
 * written once a minute at most. An event that cannot be written is logged and never keeps work from going on.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #series = new Map<string, Series>();
  readonly #writing = new Set<Promise<void>>();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Records an event; returns at once. */
  record(policy: BudgetPolicyObject, event: PolicyEvent): void {
    const now = this.#options.now();
    const key = [policy.metadata.uid, event.type, event.reason, event.action, event.note].join('\n');
    const known = this.#series.get(key);
    if (known === undefined || now - known.firstAt > SERIES_MS) {
      const hash = createHash('sha256').update(`${key}${now}${this.#options.instance}`).digest('hex');
      this.#remember(key, {
        name: `${policy.metadata.name}.${hash.slice(0, 16)}`,
        firstAt: now,
        count: 1,
        sentAt: now,
      });
      this.#send(policy, event, key);
      return;
    }
    known.count += 1;
    if (now - known.sentAt < REPEAT_MS) return;
    known.sentAt = now;
    this.#send(policy, event, key);
  }

  /** Resolves when everything that was recorded is written or given up. */
  async flush(): Promise<void> {
    await Promise.all(this.#writing);
  }

  #remember(key: string, series: Series): void {
    this.#series.delete(key);
    this.#series.set(key, series);
    const [oldest] = this.#series.keys();
    if (this.#series.size > MAX_SERIES && oldest !== undefined) this.#series.delete(oldest);
  }

  #send(policy: BudgetPolicyObject, event: PolicyEvent, key: string): void {
    const series = this.#series.get(key);
    if (series === undefined) return;
    const work = this.#write(policy, event, series).catch((error: unknown) => {
      this.#options.logger.warn('an event could not be written', { policy: policy.metadata.name, error });
    });
    this.#writing.add(work);
    void work.finally(() => this.#writing.delete(work));
  }

  async #write(policy: BudgetPolicyObject, event: PolicyEvent, series: Series): Promise<void> {
    const { server, instance, now } = this.#options;
    const path = `/apis/events.k8s.io/v1/namespaces/${NAMESPACE}/events`;
    const at = toMicroTime(now());
    const isFirst = series.count === 1;
    await writeJson({
      server,
      method: isFirst ? 'POST' : 'PATCH',
      path: isFirst ? path : `${path}/${series.name}`,
      what: 'write an event',
      signal: AbortSignal.timeout(WRITE_TIMEOUT_MS),
      timeoutMs: WRITE_TIMEOUT_MS,
      ...(isFirst ? {} : { contentType: 'application/merge-patch+json' as const }),
      body: isFirst
        ? {
            apiVersion: 'events.k8s.io/v1',
            kind: 'Event',
            metadata: { name: series.name, namespace: NAMESPACE },
            eventTime: at,
            reportingController: CONTROLLER,
            reportingInstance: instance.slice(0, 128),
            regarding: {
              apiVersion: policyApiVersion,
              kind: budgetPolicyNames.kind,
              name: policy.metadata.name,
              uid: policy.metadata.uid,
            },
            type: event.type,
            reason: event.reason,
            action: event.action,
            note: event.note.slice(0, MAX_NOTE),
          }
        : { series: { count: series.count, lastObservedTime: at } },
    });
  }
}

function toMicroTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}
