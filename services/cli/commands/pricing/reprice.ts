import { userInfo } from 'node:os';
import { dashboardEnvironment } from '@kubehero/contract';
import { formatInstant, parseInstant, WindowError } from '@kubehero/domain';
import { createConnectClient, pricing, type UnaryOf } from '@kubehero/rpc';
import { sleep, UserError } from '@kubehero/runtime';
import { Option, type Command } from 'commander';
import { renderReprice, toRepriceJson } from '../../output/reprice-table.js';
import { findServer, type ServerFlags } from '../../server-access.js';
import type { RunCommand } from '../command.js';
import { progressBar } from './progress-bar.js';

interface RepriceFlags extends ServerFlags {
  readonly cluster?: string;
  readonly from: string;
  readonly to: string;
  readonly node: readonly string[];
  readonly pricePerHour?: string;
  readonly reason: string;
  readonly dryRun?: true;
  readonly detach?: true;
  readonly output: 'table' | 'json';
}

type Client = UnaryOf<pricing.RepriceServiceShape>;

const LOOK_MS = 500;

/** `kubehero pricing reprice`: the past at the prices of now. */
export function registerReprice(program: Command, run: RunCommand): void {
  program
    .command('reprice')
    .description(
      'price stored seconds again, at what the catalogue says now for that time; budgets stay as they are',
    )
    .requiredOption('--from <instant>', 'first second, RFC 3339')
    .requiredOption('--to <instant>', 'second after the last one, RFC 3339')
    .option('--cluster <name>', 'one cluster (default: all that are registered)')
    .option(
      '--node <name>',
      'one node, by name or UID; can be repeated (default: all)',
      (value, all: string[]) => [...all, value],
      [],
    )
    .option('--price-per-hour <decimal>', 'this price, in place of what the catalogue says')
    .option('--reason <text>', 'why; it is recorded, and stands in the explanation of every price', '')
    .option('--dry-run', 'show what would change, and change no cost')
    .option('--detach', 'do not wait for its end')
    .addOption(new Option('--output <format>', 'how to print').choices(['table', 'json']).default('table'))
    .option('--client <file>', 'client.json of the server')
    .addHelpText(
      'after',
      `\nThe server is taken from --client, else from ${dashboardEnvironment.server} and ${dashboardEnvironment.token}, else from the local data folder.\nThe leader carries it out and goes on when this command is ended.`,
    )
    .action((flags: RepriceFlags) => {
      run((signal) => reprice(flags, signal));
    });
}

async function reprice(flags: RepriceFlags, signal: AbortSignal): Promise<number> {
  const window = readWindow(flags);
  const client = createConnectClient(await findServer(flags)).client(pricing.RepriceService);
  const { reprice: started } = await client.StartReprice({
    ...window,
    cluster: flags.cluster ?? '',
    nodes: [...flags.node],
    pricePerHour: flags.pricePerHour ?? '',
    reason: flags.reason,
    by: userInfo().username,
    dryRun: flags.dryRun === true,
  });
  if (started === null)
    throw new UserError('NO_ANSWER', 'the server answered without a reprice: is it of this version?');
  const ended = flags.detach === true ? started : await follow(client, started, signal);
  process.stdout.write(
    flags.output === 'json' ? `${JSON.stringify(toRepriceJson(ended))}\n` : renderReprice(ended),
  );
  return 0;
}

/** Both faults at once. */
function readWindow(flags: RepriceFlags): { from: string; to: string } {
  const faults: string[] = [];
  const [from, to] = (['from', 'to'] as const).map((name) => {
    try {
      return parseInstant(flags[name]);
    } catch (error) {
      if (!(error instanceof WindowError)) throw error;
      faults.push(`--${name}: ${error.message}`);
      return 0;
    }
  }) as [number, number];
  if (faults.length === 0 && to <= from)
    faults.push(`--to: ${formatInstant(to)} does not lie after --from ${formatInstant(from)}`);
  if (faults.length > 0) throw new UserError('WRONG_USAGE', faults.join('\n'), { exitCode: 2 });
  return { from: formatInstant(from), to: formatInstant(to) };
}

/** Waits for the end; a terminal sees how far it is. */
async function follow(
  client: Client,
  started: pricing.Reprice,
  signal: AbortSignal,
): Promise<pricing.Reprice> {
  const show = process.stderr.isTTY ? progressBar((text) => process.stderr.write(text)) : undefined;
  let now = started;
  while (now.status !== 'done') {
    show?.(now.minutesDone, now.minutes + 1, now.detail === '' ? now.status : now.detail);
    await sleep(LOOK_MS, signal).catch(() => undefined);
    if (signal.aborted) {
      throw new UserError('INTERRUPTED', `reprice ${started.id} goes on: the hub carries it out`);
    }
    now = (await client.GetReprice({ id: started.id })).reprice ?? now;
  }
  show?.(1, 1, '');
  return now;
}
