import { parseDuration, WindowError } from '@kubehero/domain';
import { admin, createConnectClient, type UnaryOf } from '@kubehero/rpc';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { CertificateFolder, type CertificateTexts } from '../cluster/certificate-folder.js';
import { nextSteps } from '../cluster/next-steps.js';
import { toTable } from '../output/table.js';
import { findServer, type ServerFlags } from '../server-access.js';
import type { RegisterCommand, RunCommand } from './command.js';

type Format = 'text' | 'json';

interface OutputFlags extends ServerFlags {
  readonly output: Format;
}

interface AddFlags extends OutputFlags {
  readonly cloud: string;
  readonly region: string;
  readonly label: Readonly<Record<string, string>>;
  readonly out?: string;
}

interface RotateFlags extends OutputFlags {
  readonly grace: number;
  readonly out?: string;
}

const DEFAULT_GRACE = '24h';
const CLOUDS = ['aws', 'azure', 'gcp', 'onprem'];

/** `kubehero cluster`: the clusters of a hub and their certificates. */
export const registerCluster: RegisterCommand = (program, run) => {
  const cluster = program.command('cluster').description('the clusters of a hub and their certificates');
  registerAdd(cluster, run);
  registerList(cluster, run);
  registerRotate(cluster, run);
  registerRemove(cluster, run);
};

function registerAdd(cluster: Command, run: RunCommand): void {
  withOutput(cluster.command('add'))
    .description('register a cluster and write its certificate into a folder')
    .argument('<name>', 'name that people use')
    .addOption(new Option('--cloud <cloud>', 'where it runs').choices(CLOUDS).default(''))
    .option('--region <region>', 'region as the cloud names it', '')
    .addOption(
      new Option('--label <key=value>', 'what budgets and queries select it by; can be repeated')
        .argParser(parseLabel)
        .default({}, 'none'),
    )
    .option('--out <folder>', 'folder for certificate, key and CA bundle (default: the name)')
    .action((name: string, flags: AddFlags) => {
      run(() => add(name, flags));
    });
}

function registerList(cluster: Command, run: RunCommand): void {
  withOutput(cluster.command('list'))
    .description('show the registered clusters')
    .action((flags: OutputFlags) => {
      run(() => list(flags));
    });
}

function registerRotate(cluster: Command, run: RunCommand): void {
  withOutput(cluster.command('rotate'))
    .description('issue a new certificate; the ones before end after a time of grace')
    .argument('<cluster>', 'name or identity')
    .addOption(
      new Option('--grace <duration>', 'how long the certificates before stay valid, 0s ends them at once')
        .argParser(parseGrace)
        .default(parseDuration(DEFAULT_GRACE), DEFAULT_GRACE),
    )
    .option('--out <folder>', 'folder for certificate, key and CA bundle (default: the name)')
    .action((name: string, flags: RotateFlags) => {
      run(() => rotate(name, flags));
    });
}

function registerRemove(cluster: Command, run: RunCommand): void {
  withOutput(cluster.command('remove'))
    .description('end the registration of a cluster: its programs are cut off, what it cost stays readable')
    .argument('<cluster>', 'name or identity')
    .action((name: string, flags: OutputFlags) => {
      run(() => remove(name, flags));
    });
}

function withOutput(command: Command): Command {
  return command
    .addOption(new Option('--output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .option('--client <file>', 'client.json of the server');
}

async function connect(flags: ServerFlags): Promise<UnaryOf<admin.ClusterServiceShape>> {
  return createConnectClient(await findServer(flags)).client(admin.ClusterService);
}

async function add(name: string, flags: AddFlags): Promise<number> {
  const { cloud, region, label } = flags;
  const clusters = await connect(flags);
  const folder = await CertificateFolder.open(flags.out ?? name, false);
  const added = await clusters.AddCluster({ name, cloud, region, labels: label });
  await deliver(added, { folder, flags, kind: 'added', name });
  return 0;
}

async function rotate(name: string, flags: RotateFlags): Promise<number> {
  const clusters = await connect(flags);
  const folder = await CertificateFolder.open(flags.out ?? name, true);
  const rotated = await clusters.RotateCluster({ cluster: name, graceS: flags.grace });
  await deliver(rotated, { folder, flags, kind: 'rotated', name });
  return 0;
}

interface Delivery {
  readonly folder: CertificateFolder;
  readonly flags: OutputFlags;
  readonly kind: 'added' | 'rotated';
  readonly name: string;
}

async function deliver(
  issued: CertificateTexts & { readonly clusterId: string },
  { folder, flags, kind, name }: Delivery,
): Promise<void> {
  await folder.write(issued);
  const { clusterId } = issued;
  if (flags.output === 'json') return print(JSON.stringify({ clusterId, name, folder: folder.path }));
  const what = kind === 'added' ? 'is registered as' : 'has a new certificate, it is';
  print(`cluster '${name}' ${what} ${clusterId}\n\n${nextSteps(folder.path, kind)}`);
}

async function list(flags: OutputFlags): Promise<number> {
  const { clusters } = await (await connect(flags)).ListClusters({});
  if (flags.output === 'json') {
    print(JSON.stringify({ clusters }));
    return 0;
  }
  const rows = clusters.map(({ name, clusterId, cloud, region, labels, certificateExpiresAt }) => [
    name,
    clusterId,
    [cloud, region].filter((part) => part !== '').join(' ') || '-',
    certificateExpiresAt === '' ? '-' : certificateExpiresAt.slice(0, 10),
    Object.entries(labels)
      .map((label) => label.join('='))
      .join(',') || '-',
  ]);
  print(toTable([['NAME', 'IDENTITY', 'PLACE', 'CERTIFICATE ENDS', 'LABELS'], ...rows]).join('\n'));
  return 0;
}

async function remove(name: string, flags: OutputFlags): Promise<number> {
  const { clusterId } = await (await connect(flags)).RemoveCluster({ cluster: name });
  print(
    flags.output === 'json'
      ? JSON.stringify({ clusterId, name })
      : `cluster '${name}' (${clusterId}) is removed: its programs are cut off within seconds`,
  );
  return 0;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function parseLabel(
  text: string,
  before: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(`'${text}' is no label: give key=value`);
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function parseGrace(text: string): number {
  if (/^0s?$/.test(text)) return 0;
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof WindowError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
