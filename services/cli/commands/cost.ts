import { dashboardEnvironment } from '@kubehero/contract';
import { formatInstant, parseDuration, parseInstant, WindowError } from '@kubehero/domain';
import { createConnectClient, query } from '@kubehero/rpc';
import { UserError } from '@kubehero/runtime';
import { findServer, type ServerFlags } from '../server-access.js';
import { renderCost } from '../output/cost-table.js';
import { toCostJson } from '../output/cost-json.js';
import type { RegisterCommand } from './command.js';

interface CostFlags extends ServerFlags {
  readonly by: string;
  readonly window?: string;
  readonly from?: string;
  readonly to?: string;
  readonly where: readonly string[];
  readonly step?: string;
  readonly output: string;
}

const KEYS = ['cluster', 'node', 'namespace', 'workload', 'pod', 'container'];
const DEFAULT_WINDOW = '15m';

/** `kubehero cost`: what things cost over a window. */
export const registerCost: RegisterCommand = (program, run) => {
  program
    .command('cost')
    .description('what clusters, nodes, namespaces, workloads and pods cost over a window')
    .option('--by <keys>', `grouping keys in order, separated by commas, of ${KEYS.join(', ')}`, 'namespace')
    .option(
      '--window <duration>',
      `the time until now, for example 15m, 6h, 30d (default: ${DEFAULT_WINDOW})`,
    )
    .option('--from <instant>', 'first second, RFC 3339; with --to instead of --window')
    .option('--to <instant>', 'second after the last one, RFC 3339')
    .option(
      '--where <key=value>',
      'keep only this; can be repeated',
      (value, all: string[]) => [...all, value],
      [],
    )
    .option('--step <duration>', 'split the rows by time, for example 1s, 1m, 1h, 1d')
    .option('--output <format>', 'table or json', 'table')
    .option('--client <file>', 'client.json of the server')
    .addHelpText(
      'after',
      `\nThe server is taken from --client, else from ${dashboardEnvironment.server} and ${dashboardEnvironment.token}, else from the local data folder.`,
    )
    .action((flags: CostFlags) => {
      run(() => printCost(flags));
    });
};

async function printCost(flags: CostFlags): Promise<number> {
  const request = toRequest(flags, Math.floor(Date.now() / 1000));
  const access = await findServer(flags);
  const answer = await createConnectClient(access).client(query.CostService).GetCost(request);
  const text =
    flags.output === 'json' ? `${JSON.stringify(toCostJson(answer))}\n` : renderCost(answer, request.by);
  process.stdout.write(text);
  return 0;
}

/** Every fault of the flags at once. */
function toRequest(
  flags: CostFlags,
  nowS: number,
): { by: string[]; from: string; to: string; where: query.FilterInput[]; stepS: number } {
  const faults: string[] = [];
  const by = flags.by.split(',').filter((key) => key !== '');
  for (const key of by)
    if (!KEYS.includes(key)) faults.push(`--by: '${key}' is no key: give some of ${KEYS.join(', ')}`);
  const where = flags.where.map((text) => readFilter(text, faults));
  if (!['table', 'json'].includes(flags.output))
    faults.push(`--output: '${flags.output}' is not allowed: give table or json`);
  const window = readWindow(flags, nowS, faults);
  const stepS = readStep(flags.step, faults);
  if (faults.length > 0) throw new UserError('WRONG_USAGE', faults.join('\n'), { exitCode: 2 });
  return { by, where, stepS, from: formatInstant(window.from), to: formatInstant(window.to) };
}

function readStep(text: string | undefined, faults: string[]): number {
  if (text === undefined) return 0;
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof WindowError)) throw error;
    faults.push(`--step: ${error.message}`);
    return 0;
  }
}

function readFilter(text: string, faults: string[]): query.FilterInput {
  const at = text.indexOf('=');
  const key = text.slice(0, Math.max(at, 0));
  if (!KEYS.includes(key))
    faults.push(`--where: '${text}' is not allowed: give key=value with one of ${KEYS.join(', ')}`);
  return { key, value: text.slice(at + 1) };
}

function readWindow(flags: CostFlags, nowS: number, faults: string[]): { from: number; to: number } {
  try {
    if (flags.from === undefined && flags.to === undefined) {
      return { from: nowS - parseDuration(flags.window ?? DEFAULT_WINDOW), to: nowS };
    }
    if (flags.window !== undefined)
      faults.push('--window: give either a window or --from and --to, not both');
    const to = flags.to === undefined ? nowS : parseInstant(flags.to);
    if (flags.from === undefined) {
      faults.push('--from: is needed where --to is given');
      return { from: 0, to: 1 };
    }
    const from = parseInstant(flags.from);
    if (to <= from)
      faults.push(`--to: ${formatInstant(to)} does not lie after --from ${formatInstant(from)}`);
    return { from, to: Math.max(to, from + 1) };
  } catch (error) {
    if (!(error instanceof WindowError)) throw error;
    faults.push(error.message);
    return { from: 0, to: 1 };
  }
}
