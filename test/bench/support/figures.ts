import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';

/** Prints a benchmark's figures as one line of JSON, with the machine's load beside them. */
export function report(benchmark: string, figures: Readonly<Record<string, unknown>>): void {
  const loadAverage = Number((loadavg()[0] ?? 0).toFixed(1));
  process.stdout.write(`${JSON.stringify({ benchmark, ...figures, loadAverage })}\n`);
}

/** Rounds for people. */
export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** The value below which a share of the values lies. @param share - 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** Milliseconds that work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Resident memory of a process, MiB. */
export function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}

/** User and system time of a process, seconds; the kernel counts in hundredths. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
