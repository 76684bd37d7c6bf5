import type { OnStep, RefreshReport } from '@kubehero/pricing';
import type { Logger } from '@kubehero/runtime';
import { Option, type Command } from 'commander';
import type { RunCommand } from '../command.js';
import { acceptedParts, acceptingPerson, guarded, instant, outputOption, type Streams } from './flags.js';
import { progressBar } from './progress-bar.js';

// Named here and not imported: reading the arguments of another command must not load the pricing engine.
const SOURCES = [
  'aws-offer',
  'aws-getproducts',
  'aws-spot-history',
  'aws-spot-feed',
  'aws-savings-plan',
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
  readonly acceptedBy?: string;
  readonly replace?: true;
  readonly commitments?: 'on' | 'off';
  readonly output?: 'text' | 'json';
}

/** `kubehero pricing refresh`. */
export function registerRefresh(pricing: Command, run: RunCommand): void {
  pricing
    .command('refresh')
    .description('bring prices up to date: from files, or without --from-file from the services')
    .addOption(new Option('--source <name>', 'what the files are').choices(SOURCES))
    .option('--from-file <files...>', 'plain or gzip files; several pages of one answer are several files')
    .option('--catalogue <folder>', 'folder that holds the catalogue (default: PostgreSQL)')
    .option('--region <region>', 'region of files that name none')
    .option('--as-of <instant>', 'when validity is judged (default: now)', instant)
    .option('--accept [parts...]', "let suspicious parts through: 'region/family', 'region', or all")
    .option('--accepted-by <name>', 'who lets them through, kept with the prices (default: who runs this)')
    .option('--replace', 'the files are all there is about their regions: what they lack is gone')
    .option('--sources <list>', 'services to ask: aws,azure,gcp,custom,snapshot')
    .option('--aws-regions <list>', "AWS regions (default: those of the fleet's nodes)")
    .option('--azure-regions <list>', "Azure regions (default: those of the fleet's nodes)")
    .option('--gcp-key-file <file>', "file with the API key for Google's catalogue")
    .option('--gcp-account-file <file>', "Google service account's key, for machine types")
    .addOption(new Option('--aws-spot <source>', 'AWS spot prices (default: auto)').choices(['auto', 'feed']))
    .option('--aws-credentials-file <file>', 'AWS credentials for spot prices by zone')
    .addOption(
      new Option('--commitments <on|off>', 'rates of reservations and savings plans (default: on)').choices([
        'on',
        'off',
      ]),
    )
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
    .option('--gcp-compute <url>', "mirror of Google's machine types")
    .option('--aws-ec2 <url>', 'interface endpoint of the EC2 API')
    .option('--proxy <url>', 'HTTP proxy that price lists are fetched through')
    .option('--ca-file <file>', 'CA bundle (PEM) that is trusted beside the usual authorities')
    .addOption(outputOption())
    .action((flags: RefreshFlags, command: Command) => {
      const { source, fromFile, catalogue } = flags;
      if (fromFile === undefined) {
        // The SDK's notice is about later versions than the one that is pinned: no user could act on it.
        process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
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
  const pricing = await import('@kubehero/pricing');
  const { createLogger, readSettings } = await import('@kubehero/runtime');
  const settings = readSettings(pricing.pricingSettings, { flags, env: world.env });
  const watcher = world.stderr.isTTY ? onTerminal(world) : inLog(createLogger({ format: 'json' }));
  return guarded(pricing.PricingError, world, async () => {
    const outcomes = await pricing.refreshFromServices(settings, {
      signal,
      nowMs: Date.now(),
      accept: acceptedParts(flags.accept),
      acceptedBy: acceptingPerson(flags.acceptedBy),
      ...watcher,
    });
    for (const found of outcomes)
      for (const note of pricing.onlineNotes(found)) watcher.say(note, { what: found.what });
    const shown = outcomes.map((found) =>
      found.outcome === 'failed'
        ? { ...found, error: { code: found.error.code, message: found.error.message } }
        : found,
    );
    const text = outcomes.map(({ what, outcome }) => `${what}: ${outcome}\n`).join('');
    world.stdout.write(flags.output === 'json' ? `${JSON.stringify(shown)}\n` : text);
    return outcomes.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
  });
}

/** How a run tells what it does. */
interface Watcher {
  readonly onRegions: (regions: {
    readonly aws: readonly string[];
    readonly azure: readonly string[];
  }) => void;
  readonly onStep: OnStep;
  readonly say: (note: string, about: { readonly what: string }) => void;
}

function onTerminal({ stderr }: Streams): Watcher {
  const bar = progressBar((text) => stderr.write(text));
  return {
    onRegions: ({ aws, azure }) =>
      stderr.write(`kubehero: regions: aws ${aws.join(' ') || 'none'}, azure ${azure.join(' ') || 'none'}\n`),
    onStep: bar,
    say: (note) => stderr.write(`kubehero: ${note}\n`),
  };
}

function inLog(logger: Logger): Watcher {
  return {
    onRegions: (regions) => {
      logger.info('prices are refreshed', regions);
    },
    onStep: (done, total, what) => {
      logger.info('price list', { what, done, total });
    },
    say: (note, about) => {
      logger.warn(note, about);
    },
  };
}

/** Runs `kubehero pricing refresh`. @returns the exit code */
async function runRefresh(flags: FileRefreshFlags, streams: Streams): Promise<number> {
  const { refreshFolder, refreshNotes, PricingError } = await import('@kubehero/pricing');
  return guarded(PricingError, streams, async () => {
    const nowMs = Date.now();
    const report = await refreshFolder({
      source: flags.source,
      files: flags.fromFile,
      region: flags.region,
      asOfMs: flags.asOf ?? nowMs,
      nowMs,
      catalogue: flags.catalogue,
      accept: acceptedParts(flags.accept),
      acceptedBy: acceptingPerson(flags.acceptedBy),
      replace: flags.replace === true,
      commitments: flags.commitments !== 'off',
    });
    for (const note of refreshNotes(report)) streams.stderr.write(`kubehero: ${note}\n`);
    streams.stdout.write(flags.output === 'json' ? `${JSON.stringify(report)}\n` : refreshText(report));
    return 0;
  });
}

function refreshText(report: RefreshReport): string {
  const { source, catalogueVersion, rows, added, changed, quarantinedRows } = report;
  const passedOver = Object.values(report.skipped).reduce((sum, count) => sum + count, 0);
  return (
    `${source}: catalogue version ${String(catalogueVersion)}: ${String(rows)} rows read, ${String(added)} new, ` +
    `${String(changed)} changed, ${String(quarantinedRows)} quarantined, ${String(passedOver)} records passed over\n`
  );
}
