import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The compiled command line program. */
export const MAIN = fileURLToPath(new URL('../../services/cli/main.js', import.meta.url));

/** A started `kubehero` command. */
export interface Started {
  readonly child: ChildProcess;
  /** Everything it wrote so far. */
  output(): string;
  errors(): string;
  /** Exit code, once it has ended. */
  readonly ended: Promise<number | null>;
}

/** Starts a `kubehero` command. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/root', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<number | null>((resolve) =>
    child.once('close', (code) => {
      resolve(code);
    }),
  );
  return { child, output: () => output, errors: () => errors, ended };
}

/** Runs a command to its end and reads its JSON. @throws Error where it fails */
export async function runJson<T>(args: readonly string[]): Promise<T> {
  const command = start(args);
  const code = await command.ended;
  if (code !== 0) throw new Error(`kubehero ${args.join(' ')} ended with ${code}: ${command.errors()}`);
  return JSON.parse(command.output()) as T;
}

/** Starts `kubehero up` and waits until `client.json` is there. */
export async function startUp(
  folder: string,
  args: readonly string[],
  timeoutMs = 60_000,
): Promise<Started & { client: string }> {
  const up = start(['up', '--data-dir', folder, ...args]);
  const client = join(folder, 'client.json');
  const deadline = Date.now() + timeoutMs;
  while (!existsSync(client)) {
    if (up.child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`kubehero up did not get ready: ${up.errors()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { ...up, client };
}

/** The part of `kubehero cost --output json` that tests read. */
export interface CostJson {
  readonly coverage: { readonly expectedNodeSeconds: number; readonly observedNodeSeconds: number };
  readonly rows: readonly (Readonly<Record<string, string>> & {
    readonly costPicodollars: string;
    readonly cpuCoreSeconds: number;
  })[];
  readonly idle: { readonly costPicodollars: string };
  readonly unobserved: { readonly costPicodollars: string; readonly nodeSeconds: number };
  readonly total: { readonly costPicodollars: string };
}
