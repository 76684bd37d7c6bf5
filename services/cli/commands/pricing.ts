import type { RefreshReport } from '@kubehero/pricing';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { RegisterCommand, RunCommand } from './command.js';

// Named here and not imported: reading the arguments of another command must not load the pricing engine.
const SOURCES = [
  'aws-offer',
  'aws-getproducts',
  'aws-spot-history',
  'aws-spot-feed',
  'azure-retail',
  'gcp-skus',
  'gcp-machine-types',
  'custom',
] as const;

interface RefreshFlags extends Readonly<Record<string, unknown>> {
  readonly source?: (typeof SOURCES)[number];
  readonly fromFile?: readonly string[];
  readonly region?: string;
  readonly asOf?: number;
  readonly catalogue?: string;
  readonly accept?: true | readonly string[];
  readonly replace?: true;
  readonly output?: 'text' | 'json';
}

interface LookupFlags {
  readonly catalogue: string;
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

function instant(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at) || !/^\d{4}-\d{2}-\d{2}/.test(text)) {
    throw new InvalidArgumentError('write an instant such as 2026-11-22T00:00:00Z.');
  }
  return at;
}

function outputOption(): Option {
  return new Option('--output <format>', 'how to print').choices(['text', 'json']);
}

/** `kubehero pricing`: what everything costs, and why. */
export const registerPricing: RegisterCommand = (program, run) => {
  const pricing = program.command('pricing').description('price catalogues: refresh them, ask them');
  registerRefresh(pricing, run);
  registerLookup(pricing, run);
  registerExport(pricing, run);
  registerImport(pricing, run);
};

interface ExportFlags {
  readonly catalogue: string;
  readonly to: string;
  readonly signingKey: string;
  readonly output?: 'text' | 'json';
}

interface ImportFlags extends Readonly<Record<string, unknown>> {
  readonly from: string;
  readonly maxAgeDays: number;
  readonly accept?: true | readonly string[];
  readonly output?: 'text' | 'json';
}

function days(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('write a number of days above zero.');
  return value;
}

const DEFAULT_MAX_AGE_DAYS = 180;

function registerExport(pricing: Command, run: RunCommand): void {
  pricing
    .command('export')
    .description('write the catalogue as a signed, reproducible snapshot')
    .requiredOption('--catalogue <folder>', 'folder that holds the catalogue')
    .requiredOption('--to <file>', 'snapshot to write: .json, .json.gz or .json.zst')
    .requiredOption('--signing-key <file>', 'Ed25519 private key in PEM')
    .addOption(outputOption())
    .action((flags: ExportFlags) => {
      run(async () => {
        const { exportFolder, PricingError } = await import('@kubehero/pricing');
        return reported(flags.output, process, PricingError, async () => {
          const { rows, generatedAt } = await exportFolder(flags);
          return {
            value: { to: flags.to, rows, generatedAt },
            text: `${flags.to}: ${String(rows)} rows of ${generatedAt}`,
          };
        });
      });
    });
}

function registerImport(pricing: Command, run: RunCommand): void {
  pricing
    .command('import')
    .description('take a signed snapshot into the catalogue')
    .requiredOption('--from <file>', "snapshot, plain, gzip or zstd; '-' reads standard input")
    .option('--catalogue <folder>', 'folder that holds the catalogue (default: PostgreSQL)')
    .option('--verifying-key <file>', 'Ed25519 public key in PEM that the snapshot must be signed with')
    .option('--max-age-days <days>', 'oldest snapshot that is taken', days, DEFAULT_MAX_AGE_DAYS)
    .option('--accept [parts...]', "let suspicious parts through: 'region/family', 'region', or all")
    .addOption(outputOption())
    .action((flags: ImportFlags) => {
      run(async () => {
        const { importFromSettings, pricingSettings, refreshNotes, PricingError } =
          await import('@kubehero/pricing');
        const { readSettings } = await import('@kubehero/runtime');
        const settings = readSettings(pricingSettings, { flags, env: process.env });
        return reported(flags.output, process, PricingError, async () => {
          const accept = flags.accept === undefined ? [] : acceptedParts(flags.accept);
          const report = await importFromSettings(
            settings,
            { from: flags.from, maxAgeDays: flags.maxAgeDays, accept, nowMs: Date.now() },
            process.stdin,
          );
          for (const note of refreshNotes({ ...report, warnings: [] }))
            process.stderr.write(`kubehero: ${note}\n`);
          const text = `catalogue version ${String(report.catalogueVersion)}: ${String(report.rows)} rows of ${report.generatedAt}`;
          return { value: report, text };
        });
      });
    });
}

async function reported(
  format: 'text' | 'json' | undefined,
  streams: Streams,
  known: new (...args: never[]) => Error,
  work: () => Promise<{ value: unknown; text: string }>,
): Promise<number> {
  try {
    const { value, text } = await work();
    streams.stdout.write(`${format === 'json' ? JSON.stringify(value) : text}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof known)) throw error;
    streams.stderr.write(`kubehero: ${error.message}\n`);
    return 1;
  }
}

function registerRefresh(pricing: Command, run: RunCommand): void {
  pricing
    .command('refresh')
    .description('bring prices up to date: from files, or without --from-file from the services')
    .addOption(new Option('--source <name>', 'what the files are').choices(SOURCES))
    .option('--from-file <files...>', 'plain or gzip files; several pages of one answer are several files')
    .option('--catalogue <folder>', 'folder that holds the catalogue (default: PostgreSQL)')
    .option('--region <region>', 'region of files that name none')
    .option('--as-of <instant>', 'when validity is judged (default: now)', instant)
    .option('--accept [parts...]', "let suspicious parts through: 'region/family', 'region', or all")
    .option('--replace', 'the files are all there is about their regions: what they lack is gone')
    .option('--sources <list>', 'services to ask: aws,azure,gcp,custom,snapshot')
    .option('--aws-regions <list>', "AWS regions (default: those of the fleet's nodes)")
    .option('--azure-regions <list>', "Azure regions (default: those of the fleet's nodes)")
    .option('--gcp-key-file <file>', "file with the API key for Google's catalogue")
    .option('--custom-file <file>', 'own price sheet')
    .option('--snapshot-file <file>', 'signed snapshot')
    .option('--verifying-key <file>', 'Ed25519 public key (PEM) that the snapshot must be signed by')
    .option('--currency <code>', 'currency to ask for (default: USD)')
    .option('--work-folder <folder>', 'folder for downloads')
    .option('--aws-price-list <url>', 'mirror of the AWS price list')
    .option('--aws-price-list-china <url>', 'mirror of the AWS price list of China')
    .option('--aws-spot-feed <url>', 'mirror of the public spot feed')
    .option('--azure-prices <url>', 'mirror of the Azure retail prices')
    .option('--gcp-billing <url>', 'mirror of the Cloud Billing Catalog')
    .addOption(outputOption())
    .action((flags: RefreshFlags, command: Command) => {
      const { source, fromFile, catalogue } = flags;
      if (fromFile === undefined) {
        run((signal) => runServices(flags, process, signal));
        return;
      }
      if (source === undefined) command.error('error: --from-file needs --source: say what the files are');
      if (catalogue === undefined)
        command.error('error: --from-file needs --catalogue: say which folder takes them');
      run(() => runRefresh({ ...flags, source, fromFile, catalogue }, process));
    });
}

type FileRefreshFlags = RefreshFlags & {
  readonly source: (typeof SOURCES)[number];
  readonly fromFile: readonly string[];
  readonly catalogue: string;
};

/** Runs `kubehero pricing refresh` against the services. @returns 0, or 1 when anything failed */
async function runServices(flags: RefreshFlags, world: NodeJS.Process, signal: AbortSignal): Promise<number> {
  const {
    pricingSettings,
    refreshFromServices,
    onlineNotes: notesOf,
    PricingError,
  } = await import('@kubehero/pricing');
  const { readSettings } = await import('@kubehero/runtime');
  const settings = readSettings(pricingSettings, { flags, env: world.env });
  const say = (text: string): unknown => world.stderr.write(`kubehero: ${text}\n`);
  try {
    const accept = flags.accept === undefined ? [] : acceptedParts(flags.accept);
    const outcomes = await refreshFromServices(settings, {
      signal,
      nowMs: Date.now(),
      accept,
      onProgress: say,
    });
    for (const found of outcomes) for (const note of notesOf(found)) say(note);
    const shown = outcomes.map((found) =>
      found.outcome === 'failed'
        ? { ...found, error: { code: found.error.code, message: found.error.message } }
        : found,
    );
    const text = outcomes.map(({ what, outcome }) => `${what}: ${outcome}\n`).join('');
    world.stdout.write(flags.output === 'json' ? `${JSON.stringify(shown)}\n` : text);
    return outcomes.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
  } catch (error) {
    if (!(error instanceof PricingError)) throw error;
    say(error.message);
    return 1;
  }
}

function registerLookup(pricing: Command, run: RunCommand): void {
  pricing
    .command('lookup')
    .description('say what something costs, from which source, and why')
    .requiredOption('--catalogue <folder>', 'folder that holds the catalogue')
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

interface Streams {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown };
}

/** Runs `kubehero pricing refresh`. @returns the exit code */
export async function runRefresh(flags: FileRefreshFlags, streams: Streams): Promise<number> {
  const { refreshFolder, refreshNotes, PricingError } = await import('@kubehero/pricing');
  try {
    const nowMs = Date.now();
    const report = await refreshFolder({
      source: flags.source,
      files: flags.fromFile,
      region: flags.region,
      asOfMs: flags.asOf ?? nowMs,
      nowMs,
      catalogue: flags.catalogue,
      accept: flags.accept === undefined ? [] : acceptedParts(flags.accept),
      replace: flags.replace === true,
    });
    for (const note of refreshNotes(report)) streams.stderr.write(`kubehero: ${note}\n`);
    streams.stdout.write(flags.output === 'json' ? `${JSON.stringify(report)}\n` : refreshText(report));
    return 0;
  } catch (error) {
    if (!(error instanceof PricingError)) throw error;
    streams.stderr.write(`kubehero: ${error.message}\n`);
    return 1;
  }
}

function acceptedParts(accept: true | readonly string[]): readonly string[] {
  return accept === true || accept.length === 0 ? ['all'] : accept;
}

function refreshText(report: RefreshReport): string {
  const { source, catalogueVersion, rows, added, changed, quarantinedRows } = report;
  const passedOver = Object.values(report.skipped).reduce((sum, count) => sum + count, 0);
  return (
    `${source}: catalogue version ${String(catalogueVersion)}: ${String(rows)} rows read, ${String(added)} new, ` +
    `${String(changed)} changed, ${String(quarantinedRows)} quarantined, ${String(passedOver)} records passed over\n`
  );
}

/** Runs `kubehero pricing lookup`. @returns the exit code */
export async function runLookup(flags: LookupFlags, streams: Streams): Promise<number> {
  const pricing = await import('@kubehero/pricing');
  const source = { catalogue: flags.catalogue, builtIn: flags.builtIn === true };
  try {
    if (flags.queries !== undefined) {
      const out = new BufferedLines(streams.stdout);
      const wrong = await pricing.lookupFile(source, flags.queries, (line) => {
        out.write(line);
      });
      out.flush();
      if (wrong > 0)
        streams.stderr.write(
          `kubehero: ${String(wrong)} lines of ${flags.queries} are no query: see their explanations\n`,
        );
      return wrong === 0 ? 0 : 1;
    }
    return await lookupOne(pricing, source, flags, streams);
  } catch (error) {
    if (!(error instanceof pricing.PricingError)) throw error;
    streams.stderr.write(`kubehero: ${error.message}\n`);
    return 1;
  }
}

async function lookupOne(
  pricing: typeof import('@kubehero/pricing'),
  source: { catalogue: string; builtIn: boolean },
  flags: LookupFlags,
  streams: Streams,
): Promise<number> {
  const question = pricing.parseLookupLine(await questionText(flags), '--node or --type');
  const found = await pricing.answer(await pricing.openLookup(source), question);
  if (flags.output === 'json') streams.stdout.write(`${JSON.stringify(found)}\n`);
  else {
    const price = found.price === null ? 'unpriced' : `${found.price} ${found.currency} per ${found.unit}`;
    streams.stdout.write(`${price}\n${found.explanation.map((line) => `  ${line}\n`).join('')}`);
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
