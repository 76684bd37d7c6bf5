import { namespaces, secretCatalogue, type SecretSpec } from '@kubehero/contract';
import { inClusterServer, kubeconfigServer, type ApiServer } from '@kubehero/kubernetes';
import { UserError } from '@kubehero/runtime';
import { InvalidArgumentError, Option } from 'commander';
import { createSecrets, type NamespaceRole, type SecretOutcome } from '../secrets/create-secrets.js';
import type { RegisterCommand } from './command.js';

interface SecretsFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace: Readonly<Partial<Record<NamespaceRole, string>>>;
  readonly clusterDomain: string;
  readonly without: readonly SecretSpec['of'][];
  readonly dryRun?: true;
  readonly output: 'text' | 'json';
}

const products = [...new Set(Object.values<SecretSpec>(secretCatalogue).map(({ of }) => of))]
  .filter((product) => product !== 'kubehero')
  .sort();

/** `kubehero secrets create`: the Secrets that manifests name, made once in the cluster. */
export const registerSecrets: RegisterCommand = (program, run) => {
  program
    .command('secrets')
    .description('the secrets of an installation')
    .command('create')
    .description('make the Secrets that the manifests name, where they are missing, with random values')
    .option(
      '--kubeconfig <file>',
      "file with access to the API; without it the pod's service account is used",
    )
    .option('--context <name>', 'context of that file; default: its current one')
    .addOption(
      new Option('--namespace <role=name>', 'another namespace for system, collector, postgres …')
        .argParser(parseNamespace)
        .default({}),
    )
    .option('--cluster-domain <domain>', 'DNS domain of the cluster', 'cluster.local')
    .addOption(
      new Option('--without <product...>', 'products that stand elsewhere and bring their own Secrets')
        .choices(products)
        .default([]),
    )
    .option('--dry-run', 'say what would be made, and make nothing')
    .addOption(new Option('--output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action((flags: SecretsFlags) => {
      run((signal) => create(flags, signal));
    });
};

async function create(flags: SecretsFlags, signal: AbortSignal): Promise<number> {
  const secrets = await createSecrets(
    {
      server: await findServer(flags),
      namespaces: { ...namespaces, ...flags.namespace },
      clusterDomain: flags.clusterDomain,
      without: flags.without,
      dryRun: flags.dryRun ?? false,
    },
    signal,
  );
  const text =
    flags.output === 'json'
      ? `${JSON.stringify({ dryRun: flags.dryRun ?? false, secrets })}\n`
      : secrets.map((outcome) => describe(outcome, flags.dryRun ?? false)).join('');
  process.stdout.write(text);
  return 0;
}

async function findServer({ kubeconfig, context }: SecretsFlags): Promise<ApiServer> {
  if (kubeconfig !== undefined) return kubeconfigServer(kubeconfig, context);
  const host = process.env['KUBERNETES_SERVICE_HOST'];
  if (host === undefined)
    throw new UserError('NO_KUBERNETES', 'there is no cluster here: give --kubeconfig FILE');
  return inClusterServer(host, process.env['KUBERNETES_SERVICE_PORT'] ?? '443');
}

function describe({ name, namespace, action, by }: SecretOutcome, dryRun: boolean): string {
  const said = {
    created: dryRun ? 'would be created' : 'created',
    completed: dryRun ? 'would be completed' : 'completed',
    unchanged: 'exists',
    waiting: `waits for '${by ?? ''}'`,
  };
  return `${namespace}/${name}: ${said[action]}\n`;
}

function parseNamespace(
  text: string,
  known: SecretsFlags['namespace'],
): Readonly<Partial<Record<NamespaceRole, string>>> {
  const [role = '', name = ''] = text.split('=', 2);
  if (!Object.hasOwn(namespaces, role) || !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
    throw new InvalidArgumentError(`write one of ${Object.keys(namespaces).join(', ')}, '=' and a name.`);
  return { ...known, [role]: name };
}
