import type { Command } from 'commander';

/** Hands the chosen command's work over to `main`, which runs it with a signal that aborts on SIGINT and SIGTERM. */
export type RunCommand = (work: (signal: AbortSignal) => Promise<number>) => void;

/** Adds a command to the program. */
export type RegisterCommand = (program: Command, run: RunCommand) => void;
