import type { Logger } from '../logging/logger.js';
import { SettingsError } from '../settings/read-settings.js';
import { describeSystemError } from './disk-error.js';
import { UserError } from './user-error.js';

/** The parts of `process` that a program's run touches. */
export interface ProcessLike {
  on(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** What {@link runProgram} needs. */
export interface RunOptions {
  /** The program: works until its signal aborts, then drains and returns its exit code. */
  readonly main: (signal: AbortSignal) => Promise<number>;
  /** For unexpected errors, with their stacks. @default - nothing is logged */
  readonly logger?: Logger;
  /** Name before every sentence on stderr. @default 'kubehero' */
  readonly name?: string;
  /** @default - standard error */
  readonly writeError?: (text: string) => void;
  /** @default - the real process */
  readonly process?: ProcessLike;
  /** Ends the process at once, on the second signal. @default - process.exit */
  readonly exitNow?: (code: number) => void;
}

const FORCED_EXIT_CODE = 130;

/** What a person reads about an error: one sentence without a stack. */
export function describeForUser(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map(describeForUser).join('; ');
  }
  return error instanceof Error ? (describeSystemError(error) ?? error.message) : String(error);
}

function exitCodeOf(error: unknown): number {
  return error instanceof UserError || error instanceof SettingsError ? error.exitCode : 1;
}

/** True where the message was written for a person: our own errors all carry a code, and so do Node's, with a call. */
function isExpected(error: unknown): boolean {
  if (!(error instanceof Error) || typeof (error as { code?: unknown }).code !== 'string') return false;
  return !('syscall' in error) || describeSystemError(error) !== undefined;
}

/**
 * Runs a program: SIGINT or SIGTERM aborts its signal (drain, exit 0), a second one ends the process at once. An
 * error becomes one sentence on stderr, or one line for every fault of the settings.
 *
 * @returns the exit code: the program's, 1 after a failure, 2 after wrong usage
 */
export async function runProgram(options: RunOptions): Promise<number> {
  const target: ProcessLike = options.process ?? process;
  const exitNow = options.exitNow ?? ((code: number): void => process.exit(code));
  const writeError = options.writeError ?? ((text: string): void => void process.stderr.write(text));
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) exitNow(FORCED_EXIT_CODE);
    controller.abort(new UserError('STOPPED', 'stopped by a signal'));
  };
  target.on('SIGINT', onSignal);
  target.on('SIGTERM', onSignal);
  try {
    return await options.main(controller.signal);
  } catch (error) {
    if (controller.signal.aborted && error === controller.signal.reason) return 0;
    if (!isExpected(error)) options.logger?.error('unexpected error', { error });
    const lines = describeForUser(error).split('\n');
    writeError(lines.map((line) => `${options.name ?? 'kubehero'}: ${line}\n`).join(''));
    return exitCodeOf(error);
  } finally {
    target.off('SIGINT', onSignal);
    target.off('SIGTERM', onSignal);
  }
}

/** Resolves when the signal aborts. */
export async function waitForAbort(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
