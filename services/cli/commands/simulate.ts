import { declareFlags, readSettings, type FlagDeclarer, type Logger } from '@kubehero/runtime';
import { simulateSettings } from '../simulate/options.js';
import { checkRejections, simulate, type SimulationResult } from '../simulate/simulate.js';

/** What the command needs of the process. */
export interface SimulateCommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** The command's line in `kubehero --help`. */
export const simulateDescription =
  'Send deterministic telemetry of an invented fleet through the real collector protocol';

/** Declares the flags of `kubehero simulate`. */
export function declareSimulate(command: FlagDeclarer): void {
  declareFlags(command, simulateSettings);
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
  const settings = readSettings(simulateSettings, { flags, env: context.env });
  const { logger, signal } = context;
  const { result, sent } = await simulate(settings, { logger, signal, now: Date.now });
  const output = settings.output ?? (context.stdout.isTTY === true ? 'text' : 'json');
  context.stdout.write(output === 'json' ? `${JSON.stringify(result)}\n` : toText(result));
  checkRejections(sent);
  return 0;
}
