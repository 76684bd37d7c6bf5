import type { Lookup } from '@kubehero/pricing';
import { Option, type Command } from 'commander';
import type { RunCommand } from '../command.js';
import { guarded, instant, outputOption, type Streams } from './flags.js';

interface LookupFlags extends Readonly<Record<string, unknown>> {
  readonly catalogue?: string;
  readonly queries?: string;
  readonly node?: string;
  readonly provider: string;
  readonly region?: string;
  readonly zone?: string;
  readonly type?: string;
  readonly os: string;
  readonly spot?: true;
  readonly at?: number;
  readonly builtIn?: true;
  readonly output?: 'text' | 'json';
}

/** `kubehero pricing lookup`. */
export function registerLookup(pricing: Command, run: RunCommand): void {
  pricing
    .command('lookup')
    .description('say what something costs, from which source, and why')
    .option('--catalogue <folder>', 'folder that holds the catalogue (default: PostgreSQL)')
    .option('--queries <file>', 'one JSON query a line, answered one JSON line each')
    .option('--node <file>', 'a Kubernetes Node object in JSON')
    .addOption(
      new Option('--provider <name>', 'cloud').choices(['aws', 'azure', 'gcp', 'custom']).default('aws'),
    )
    .option('--region <region>', 'region')
    .option('--zone <zone>', 'zone')
    .option('--type <type>', 'instance type')
    .addOption(
      new Option('--os <system>', 'operating system')
        .choices(['linux', 'windows', 'rhel', 'suse'])
        .default('linux'),
    )
    .option('--spot', 'spot or preemptible')
    .option('--at <instant>', 'price at that time', instant)
    .option('--built-in', 'use the list that ships with the product where the folder knows nothing')
    .addOption(outputOption())
    .action((flags: LookupFlags) => {
      run(() => runLookup(flags, process));
    });
}

/** Runs `kubehero pricing lookup`. @returns the exit code */
async function runLookup(flags: LookupFlags, world: NodeJS.Process): Promise<number> {
  const pricing = await import('@kubehero/pricing');
  return guarded(pricing.PricingError, world, () =>
    withLookup(pricing, flags, world.env, async (lookup) => {
      if (flags.queries === undefined) return lookupOne(pricing, lookup, flags, world);
      return lookupAll(pricing, lookup, flags.queries, world);
    }),
  );
}

async function withLookup(
  pricing: Pricing,
  flags: LookupFlags,
  env: NodeJS.ProcessEnv,
  work: (lookup: Lookup) => Promise<number>,
): Promise<number> {
  const { catalogue } = flags;
  if (catalogue !== undefined)
    return work(await pricing.openLookup({ catalogue, builtIn: flags.builtIn === true }));
  const { readSettings } = await import('@kubehero/runtime');
  const settings = readSettings(pricing.pricingSettings, { flags: {}, env });
  const lookup = await pricing.openDatabaseLookup(settings);
  try {
    return await work(lookup);
  } finally {
    await lookup.close();
  }
}

async function lookupAll(
  pricing: Pricing,
  lookup: Lookup,
  queries: string,
  streams: Streams,
): Promise<number> {
  const out = new BufferedLines(streams.stdout);
  const wrong = await pricing.lookupFile(lookup, queries, (line) => {
    out.write(line);
  });
  out.flush();
  if (wrong > 0)
    streams.stderr.write(
      `kubehero: ${String(wrong)} lines of ${queries} are no query: see their explanations\n`,
    );
  return wrong === 0 ? 0 : 1;
}

type Pricing = typeof import('@kubehero/pricing');

async function lookupOne(
  pricing: Pricing,
  lookup: Lookup,
  flags: LookupFlags,
  streams: Streams,
): Promise<number> {
  const question = pricing.parseLookupLine(await questionText(flags), '--node or --type');
  const found = await pricing.answer(lookup, question);
  if (flags.output === 'json') streams.stdout.write(`${JSON.stringify(found)}\n`);
  else {
    const price = found.price === null ? 'unpriced' : `${found.price} ${found.currency} per ${found.unit}`;
    const unused = (found.commitments ?? []).map(
      ({ name, price: rate, currency }) => `not used: ${rate} ${currency} per hour as ${name}`,
    );
    streams.stdout.write(
      `${price}\n${[...found.explanation, ...unused].map((line) => `  ${line}\n`).join('')}`,
    );
  }
  return 0;
}

async function questionText(flags: LookupFlags): Promise<string> {
  const at = flags.at === undefined ? {} : { at: new Date(flags.at).toISOString() };
  if (flags.node !== undefined) {
    const { readFile } = await import('node:fs/promises');
    return `{"node":${await readFile(flags.node, 'utf8')},"at":${JSON.stringify(at.at ?? '')}}`;
  }
  return JSON.stringify({
    provider: flags.provider,
    region: flags.region ?? '',
    zone: flags.zone ?? '',
    instanceType: flags.type ?? '',
    os: flags.os,
    purchaseModel: flags.spot === true ? 'spot' : 'on-demand',
    ...at,
  });
}

const FLUSH_CHARACTERS = 64 * 1024;

class BufferedLines {
  #text = '';

  constructor(private readonly stream: Streams['stdout']) {}

  write(line: string): void {
    this.#text += `${line}\n`;
    if (this.#text.length > FLUSH_CHARACTERS) this.flush();
  }

  flush(): void {
    if (this.#text !== '') this.stream.write(this.#text);
    this.#text = '';
  }
}
