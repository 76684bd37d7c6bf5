import { InvalidArgumentError, type Command } from 'commander';
import type { RunCommand } from '../command.js';
import { acceptedParts, acceptingPerson, guarded, outputOption } from './flags.js';

interface ExportFlags extends Readonly<Record<string, unknown>> {
  readonly to: string;
  readonly signingKey: string;
  readonly output?: 'text' | 'json';
}

interface ImportFlags extends Readonly<Record<string, unknown>> {
  readonly from: string;
  readonly maxAgeDays: number;
  readonly accept?: true | readonly string[];
  readonly acceptedBy?: string;
  readonly output?: 'text' | 'json';
}

function days(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('write a number of days above zero.');
  return value;
}

const DEFAULT_MAX_AGE_DAYS = 180;

/** `kubehero pricing export`. */
export function registerExport(pricing: Command, run: RunCommand): void {
  pricing
    .command('export')
    .description('write the catalogue as a signed, reproducible snapshot')
    .option('--catalogue <folder>', 'folder that holds the catalogue (default: PostgreSQL)')
    .requiredOption('--to <file>', 'snapshot to write: .json, .json.gz or .json.zst')
    .requiredOption('--signing-key <file>', 'Ed25519 private key in PEM')
    .addOption(outputOption())
    .action((flags: ExportFlags) => {
      run(async () => {
        const { exportFromSettings, pricingSettings, PricingError } = await import('@kubehero/pricing');
        const { readSettings } = await import('@kubehero/runtime');
        const settings = readSettings(pricingSettings, { flags, env: process.env });
        return guarded(PricingError, process, async () => {
          const { to, signingKey, output } = flags;
          const { rows, generatedAt } = await exportFromSettings(settings, { to, signingKey });
          print(output, { to, rows, generatedAt }, `${to}: ${String(rows)} rows of ${generatedAt}`);
          return 0;
        });
      });
    });
}

/** `kubehero pricing import`. */
export function registerImport(pricing: Command, run: RunCommand): void {
  pricing
    .command('import')
    .description('take a signed snapshot into the catalogue')
    .requiredOption('--from <file>', "snapshot, plain, gzip or zstd; '-' reads standard input")
    .option('--catalogue <folder>', 'folder that holds the catalogue (default: PostgreSQL)')
    .option('--verifying-key <file>', 'Ed25519 public key in PEM that the snapshot must be signed with')
    .option('--max-age-days <days>', 'oldest snapshot that is taken', days, DEFAULT_MAX_AGE_DAYS)
    .option('--accept [parts...]', "let suspicious parts through: 'region/family', 'region', or all")
    .option('--accepted-by <name>', 'who lets them through, kept with the prices (default: who runs this)')
    .addOption(outputOption())
    .action((flags: ImportFlags) => {
      run(async () => {
        const { importFromSettings, pricingSettings, refreshNotes, PricingError } =
          await import('@kubehero/pricing');
        const { readSettings } = await import('@kubehero/runtime');
        const settings = readSettings(pricingSettings, { flags, env: process.env });
        return guarded(PricingError, process, async () => {
          const accept = acceptedParts(flags.accept);
          const acceptedBy = acceptingPerson(flags.acceptedBy);
          const report = await importFromSettings(
            settings,
            { from: flags.from, maxAgeDays: flags.maxAgeDays, accept, acceptedBy, nowMs: Date.now() },
            process.stdin,
          );
          for (const note of refreshNotes({ ...report, warnings: [] }))
            process.stderr.write(`kubehero: ${note}\n`);
          const text = `catalogue version ${String(report.catalogueVersion)}: ${String(report.rows)} rows of ${report.generatedAt}`;
          print(flags.output, report, text);
          return 0;
        });
      });
    });
}

function print(format: 'text' | 'json' | undefined, value: unknown, text: string): void {
  process.stdout.write(`${format === 'json' ? JSON.stringify(value) : text}\n`);
}
