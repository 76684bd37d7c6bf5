import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Commands of a control plane, and the packages that they are built from. */
export const clusterPackages = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  kwok: 'sigs.k8s.io/kwok/cmd/kwok',
} as const;

/** A command of {@link clusterPackages}. */
export type ClusterBinary = keyof typeof clusterPackages;

/** What came of looking for the binaries: where they are, or why there are none. */
export type BinariesResult = { readonly dir: string } | { readonly missing: string };

/**
 * Finds the binaries of a control plane without building: in `KUBEBUILDER_ASSETS`, else in the cache.
 * @param repository root of the checkout
 */
export function findBinaries(
  repository: string,
  names: readonly ClusterBinary[],
  assets: string | undefined,
): BinariesResult {
  const dir = assets ?? cacheDir(repository);
  const absent = names.filter((name) => !existsSync(join(dir, name)));
  if (absent.length === 0) return { dir };
  return {
    missing: `no ${absent.join(', ')} in ${assets ? 'KUBEBUILDER_ASSETS' : 'the cache'}: run 'npm run build:cluster' (needs Go 1.26 and some minutes)`,
  };
}

/** Folder of the cache for exactly these sources, toolchain aside: another version of Kubernetes never meets an old binary. */
export function cacheDir(repository: string): string {
  const module = join(repository, 'test/cluster');
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'tools.go']) hash.update(readFileSync(join(module, file)));
  hash.update(`${process.platform}-${process.arch}`);
  return join(homedir(), '.cache/kubehero/cluster', hash.digest('hex').slice(0, 16));
}

/**
 * Builds the binaries that the cache lacks, one after the other, at low priority.
 * @returns where they are, or why there are none: no Go, or what the compiler said
 */
export async function buildBinaries(
  repository: string,
  names: readonly ClusterBinary[],
  log: (line: string) => void,
): Promise<BinariesResult> {
  const dir = cacheDir(repository);
  const absent = names.filter((name) => !existsSync(join(dir, name)));
  if (absent.length === 0) return { dir };
  try {
    await run('go', ['version']);
  } catch {
    return { missing: 'go is not installed: the suites on a real API server need Go 1.26 once, to build it' };
  }
  const module = join(repository, 'test/cluster');
  const version =
    /k8s\.io\/kubernetes (v[\d.]+)/.exec(readFileSync(join(module, 'go.mod'), 'utf8'))?.[1] ?? 'v0.0.0';
  mkdirSync(dir, { recursive: true });
  for (const name of absent) {
    const startedAt = Date.now();
    log(`building ${name} (once for this version; some minutes)`);
    const partial = join(dir, `${name}.partial-${process.pid}`);
    try {
      await run(
        'nice',
        [
          '-n',
          '10',
          'go',
          'build',
          '-trimpath',
          '-ldflags',
          linkerFlags(version),
          '-o',
          partial,
          clusterPackages[name],
        ],
        {
          cwd: module,
          env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false -p=1' },
          maxBuffer: 64 * 2 ** 20,
        },
      );
      renameSync(partial, join(dir, name));
    } catch (error) {
      rmSync(partial, { force: true });
      return {
        missing: `go could not build ${name}: ${String((error as { stderr?: string }).stderr ?? error).slice(-400)}`,
      };
    }
    log(`built ${name} in ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }
  return { dir };
}

/** Without a version the server calls itself something that clients refuse to parse. */
function linkerFlags(version: string): string {
  const [major, minor] = version.slice(1).split('.');
  const at = 'k8s.io/component-base/version';
  return [
    '-s -w',
    `-X ${at}.gitVersion=${version}`,
    `-X ${at}.gitMajor=${major}`,
    `-X ${at}.gitMinor=${minor}`,
    `-X ${at}.gitTreeState=clean`,
  ].join(' ');
}
