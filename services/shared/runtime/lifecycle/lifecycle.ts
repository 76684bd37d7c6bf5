import type { Logger } from '../logging/logger.js';
import { withDeadline } from './deadline.js';

/** Something that a program starts and stops. Constructors start nothing. */
export interface Component {
  /** Shown in log lines and errors. */
  readonly name: string;
  /** Resolves when it works. The signal aborts when the program is asked to stop or the deadline passed. */
  start(signal: AbortSignal): Promise<void>;
  /** Drains and resolves when nothing is left. The signal aborts at the deadline. */
  stop(signal: AbortSignal): Promise<void>;
  /** @default 60000 */
  readonly startTimeoutMs?: number;
  /** @default 15000 */
  readonly stopTimeoutMs?: number;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

/** Starts components in order and stops them in reverse, each with a deadline. */
export class Lifecycle {
  readonly #components: Component[] = [];
  readonly #started: Component[] = [];
  readonly #logger: Logger;

  constructor(options: { readonly logger: Logger; readonly components?: readonly Component[] }) {
    this.#logger = options.logger;
    this.#components.push(...(options.components ?? []));
  }

  /** Adds a component that starts after all before it. MUST be called before {@link start}. */
  add(component: Component): void {
    this.#components.push(component);
  }

  /**
   * Starts all. When one fails, those that run are stopped again.
   *
   * @throws whatever the component threw, or DeadlineError
   */
  async start(signal: AbortSignal): Promise<void> {
    for (const component of this.#components) {
      try {
        signal.throwIfAborted();
        const limits = { timeoutMs: component.startTimeoutMs ?? START_TIMEOUT_MS, signal };
        // A component that failed half-way is stopped too: it alone knows what it had opened.
        this.#started.push(component);
        await withDeadline(`start of ${component.name}`, limits, (inner) => component.start(inner));
        this.#logger.debug('started', { component: component.name });
      } catch (error) {
        await this.stop().catch((stopError: unknown) => {
          this.#logger.error('stopping after a failed start failed too', { error: stopError });
        });
        throw error;
      }
    }
  }

  /**
   * Stops what was started, last first; one that fails does not keep the others from stopping.
   *
   * @throws AggregateError with every failure
   */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (let component = this.#started.pop(); component !== undefined; component = this.#started.pop()) {
      const running = component;
      const limits = { timeoutMs: running.stopTimeoutMs ?? STOP_TIMEOUT_MS };
      try {
        await withDeadline(`stop of ${running.name}`, limits, (inner) => running.stop(inner));
        this.#logger.debug('stopped', { component: running.name });
      } catch (error) {
        this.#logger.error('stop failed', { component: running.name, error });
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} components did not stop`);
  }
}
