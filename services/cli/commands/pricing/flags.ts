import type { PricingError } from '@kubehero/pricing';
import { InvalidArgumentError, Option } from 'commander';
import { userInfo } from 'node:os';

/** Where a command writes. */
export interface Streams {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** Reads an instant from a flag, epoch ms. @throws InvalidArgumentError */
export function instant(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at) || !/^\d{4}-\d{2}-\d{2}/.test(text)) {
    throw new InvalidArgumentError('write an instant such as 2026-11-22T00:00:00Z.');
  }
  return at;
}

/** `--output text|json`. */
export function outputOption(): Option {
  return new Option('--output <format>', 'how to print').choices(['text', 'json']);
}

/** Parts that a person lets through; `--accept` alone means all. */
export function acceptedParts(accept: true | readonly string[] | undefined): readonly string[] {
  if (accept === undefined) return [];
  return accept === true || accept.length === 0 ? ['all'] : accept;
}

/** Name of the person who lets parts through: as the flag says, else who runs the command. */
export function acceptingPerson(named: string | undefined): string {
  if (named !== undefined && named.trim() !== '') return named.trim();
  try {
    return userInfo().username;
  } catch {
    // A container's user need not have a name
    return `uid ${String(process.getuid?.() ?? 'unknown')}`;
  }
}

/** Runs work of the pricing engine: its own errors become one sentence and exit code 1. */
export async function guarded(
  known: typeof PricingError,
  streams: Streams,
  work: () => Promise<number>,
): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof known)) throw error;
    streams.stderr.write(`kubehero: ${error.message}\n`);
    return 1;
  }
}
