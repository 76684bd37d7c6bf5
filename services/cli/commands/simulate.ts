import { dashboardEnvironment } from '@kubehero/contract';
import { createLogger, declareFlags, type Logger } from '@kubehero/runtime';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readSimulateSettings, simulateSettings } from '../simulate/options.js';
import { checkRejections, simulate, type SimulationResult } from '../simulate/simulate.js';
import { defaultDataFolder } from '../up/data-folder.js';
import type { RegisterCommand } from './command.js';

/** What the command needs of the process. */
export interface SimulateCommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** `kubehero simulate`: telemetry of an invented fleet. */
export const registerSimulate: RegisterCommand = (program, run) => {
  const command = program
    .command('simulate')
    .description('send deterministic telemetry of an invented fleet through the real collector protocol');
  declareFlags(command, simulateSettings);
  command.action((flags: Readonly<Record<string, unknown>>) => {
    run((signal) => {
      const { env, stdout } = process;
      const format = process.stderr.isTTY ? 'human' : 'json';
      return runSimulate(withLocalServer(flags, env), {
        env,
        stdout,
        signal,
        logger: createLogger({ format, level: 'warn' }),
      });
    });
  });
};

/** The server in the local data folder, where nothing else names one. */
function withLocalServer(
  flags: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): Readonly<Record<string, unknown>> {
  const isNamed = flags['client'] !== undefined || env[dashboardEnvironment.server] !== undefined;
  const local = join(defaultDataFolder(env), 'client.json');
  return isNamed || !existsSync(local) ? flags : { ...flags, client: local };
}

function toText(result: SimulationResult): string {
  return [
    `cluster ${result.cluster}: ${result.nodes} nodes from ${result.from} to ${result.to}`,
    `${result.nodeSeconds} node-seconds, ${result.podSeconds} pod-seconds`,
    `${result.acknowledgedSeconds} node-seconds are stored`,
    `the nodes cost ${result.costPicodollars} picodollars`,
    '',
  ].join('\n');
}

/**
 * Runs `kubehero simulate`.
 *
 * @param flags - as commander gives them
 * @returns 0, when everything is durable
 * @throws SettingsError (exit 2), or an error with one sentence (exit 1)
 */
export async function runSimulate(
  flags: Readonly<Record<string, unknown>>,
  context: SimulateCommandContext,
): Promise<number> {
  const settings = readSimulateSettings({ flags, env: context.env });
  const { logger, signal } = context;
  const { result, sent } = await simulate(settings, { logger, signal, now: Date.now });
  const output = settings.output ?? (context.stdout.isTTY === true ? 'text' : 'json');
  context.stdout.write(output === 'json' ? `${JSON.stringify(result)}\n` : toText(result));
  checkRejections(sent);
  return 0;
}
