import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { repository } from '../manifests/examples.js';
import type { Requirement } from '../requirements.js';
import { stopChild } from '../stack.js';
import { waitUntil } from '../wait-until.js';
import { type Container, type HttpProbe, type PodSpec, projected, type Volume } from './pod.js';

/** Namespaces of the kernel, which only root may make. */
export const kernelNamespaces: Requirement = {
  name: 'mount and network namespaces',
  remedy: 'run as root with CAP_SYS_ADMIN, util-linux and iproute2',
  missing: () =>
    spawnSync('unshare', ['-m', '-n', '-p', '--fork', 'ip', 'link', 'set', 'lo', 'up']).status === 0
      ? undefined
      : 'unshare or ip does not work here',
};

/** Address of every pod: an API server takes no loopback address for an endpoint. */
export const podAddress = '10.1.2.3';

/** Content of Secrets and ConfigMaps by name. */
export type Contents = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What {@link Sandbox.start} needs. */
export interface SandboxOptions {
  /** Names that resolve to this node, whatever the port. */
  readonly hosts: readonly string[];
  /** Ports inside, and those on loopback outside that answer them. */
  readonly services: Readonly<Record<number, number>>;
  /** Ports inside that are called from outside. */
  readonly called: readonly number[];
}

/** One container to run. */
export interface ContainerRun {
  readonly spec: PodSpec;
  /** What the image runs; the container's arguments follow. */
  readonly entrypoint: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly contents: Contents;
  /** Files of the service account, where the pod gets them. */
  readonly account?: Readonly<Record<string, string>>;
}

/** A running container. */
export interface RunningContainer {
  readonly log: () => string;
  /** Ends with the exit code. */
  readonly exited: Promise<number | null>;
  /** SIGTERM, as a kubelet stops it. */
  readonly terminate: () => void;
}

/**
 * A node of a cluster in namespaces of its own: a network with nothing but loopback, and for each container a read-only
 * root, the volumes of its manifest, its user and its capabilities. What is not simulated: seccomp, cgroup limits,
 * network policies, and the image (the checkout and the machine's /usr stand for it).
 */
export class Sandbox {
  readonly #servers: Server[] = [];
  readonly #children: ChildProcess[] = [];
  #network: ChildProcess | undefined;
  #count = 0;

  private constructor(
    private readonly dir: string,
    private readonly options: SandboxOptions,
  ) {}

  static async start(options: SandboxOptions): Promise<Sandbox> {
    const sandbox = new Sandbox(mkdtempSync(join(tmpdir(), 'kubehero-node-')), options);
    await sandbox.#startNetwork();
    return sandbox;
  }

  /** Starts a container; its first process is process 1 of its own PID namespace. */
  run(run: ContainerRun): RunningContainer {
    this.#count += 1;
    const dir = join(this.dir, `container-${this.#count}`);
    mkdirSync(join(dir, 'root'), { recursive: true });
    const [container] = run.spec.containers;
    if (!container) throw new Error('a pod without a container');
    writeFileSync(join(dir, 'start.sh'), startScript({ ...run, dir, container, hosts: this.options.hosts }));
    const child = spawn(
      'nsenter',
      [
        `--net=/proc/${this.#network?.pid}/ns/net`,
        'unshare',
        '-m',
        '-p',
        '--fork',
        '--kill-child',
        'sh',
        '-e',
        join(dir, 'start.sh'),
      ],
      {
        env: { ...run.env, PATH: process.env['PATH'] } as unknown as NodeJS.ProcessEnv,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#children.push(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (text += data.toString()));
    return {
      log: () => text,
      exited: new Promise((resolve) => child.once('close', resolve)),
      terminate: () => process.kill(firstProcessOf(child), 'SIGTERM'),
    };
  }

  /** Calls an HTTP port inside and returns status and body; undefined where nothing answers. */
  call(
    port: number,
    path: string,
    body?: { token: string; json: unknown },
  ): Promise<{ status: number; text: string } | undefined> {
    return new Promise((resolve) => {
      const sent = body === undefined ? undefined : JSON.stringify(body.json);
      const call = request({
        socketPath: this.#called(port),
        path,
        method: body === undefined ? 'GET' : 'POST',
        headers:
          body === undefined
            ? {}
            : { authorization: `Bearer ${body.token}`, 'content-type': 'application/json' },
        timeout: 5000,
      });
      call.on('response', (response) => {
        let text = '';
        response.on('data', (data: Buffer) => (text += data.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      call.on('timeout', () => call.destroy());
      call.on('error', () => resolve(undefined));
      call.end(sent);
    });
  }

  /** Calls a probe as often as its manifest allows, until it passes. */
  async untilProbe(name: string, probe: HttpProbe | undefined): Promise<void> {
    const { httpGet, periodSeconds = 10, failureThreshold = 3 } = probe ?? {};
    if (!httpGet) throw new Error(`${name} is no HTTP probe`);
    await waitUntil(
      `${name} passes at :${httpGet.port}${httpGet.path}`,
      async () => {
        const status = (await this.call(httpGet.port, httpGet.path))?.status ?? 0;
        return status >= 200 && status < 400;
      },
      periodSeconds * failureThreshold * 1000,
    );
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    for (const child of this.#children) await stopChild(child, 'SIGKILL');
    if (this.#network) await stopChild(this.#network, 'SIGKILL');
    for (const server of this.#servers) server.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  #called(port: number): string {
    return join(this.dir, `called-${port}.sock`);
  }

  async #startNetwork(): Promise<void> {
    const pairs: string[] = this.options.called.map((port) => `unix:${this.#called(port)}=tcp:${port}`);
    for (const [inside, outside] of Object.entries(this.options.services)) {
      const path = join(this.dir, `service-${inside}.sock`);
      const server = createServer((inner) => {
        const outer = connect(outside, '127.0.0.1');
        inner.pipe(outer).pipe(inner);
        inner.on('error', () => outer.destroy());
        outer.on('error', () => inner.destroy());
      });
      await new Promise<void>((resolve) => server.listen(path, resolve));
      this.#servers.push(server);
      pairs.push(`tcp:${inside}=unix:${path}`);
    }
    const script = join(import.meta.dirname, 'forward-main.js');
    this.#network = spawn(
      'unshare',
      [
        '-n',
        'sh',
        '-ec',
        `ip link set lo up; ip address add ${podAddress}/32 dev lo; exec "$@"`,
        'sh',
        process.execPath,
        script,
        ...pairs,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const { stdout } = this.#network;
    await new Promise<void>((resolve) =>
      createInterface({ input: stdout as NonNullable<typeof stdout> }).once('line', () => resolve()),
    );
  }
}

/** Process 1 of the namespace that `unshare` made. */
function firstProcessOf({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}

/** Where containers see the checkout, wherever it lies: a volume at `/tmp` must not hide it. */
export const checkoutPath = '/checkout';

interface Script extends ContainerRun {
  readonly dir: string;
  readonly container: Container;
  readonly hosts: readonly string[];
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Builds the container's root in its mount namespace, makes it read only, and becomes the program. */
function startScript(script: Script): string {
  const { dir, container, spec } = script;
  const root = join(dir, 'root');
  const { runAsUser: user, runAsGroup: group } = spec.securityContext;
  const system = ['bin', 'sbin', 'lib', 'lib64', 'usr', 'opt'].map(
    (name) =>
      `if [ -L /${name} ]; then cp -P /${name} ${root}/${name}; elif [ -d /${name} ]; then mkdir -p ${root}/${name}; mount --rbind /${name} ${root}/${name}; fi`,
  );
  const added = (container.securityContext.capabilities?.add ?? [])
    .map((name) => `,+${name.toLowerCase()}`)
    .join('');
  return `
mount --make-rprivate /
mount -t tmpfs -o size=16m,mode=755 none ${root}
${system.join('\n')}
mkdir -p ${root}/proc ${root}/sys ${root}/dev/shm ${root}/etc ${root}${checkoutPath}
mount -t proc proc ${root}/proc
mount --rbind /sys ${root}/sys
for device in null zero full random urandom; do touch ${root}/dev/$device; mount --bind /dev/$device ${root}/dev/$device; done
mount -t tmpfs -o size=64m,mode=1777 none ${root}/dev/shm
mount --bind ${repository} ${root}${checkoutPath}
mount -o remount,bind,ro ${root}${checkoutPath}
cp /etc/ld.so.cache ${root}/etc/
printf '%s\\n' ${quote(`127.0.0.1 localhost ${script.hosts.join(' ')}`)} > ${root}/etc/hosts
echo 'hosts: files' > ${root}/etc/nsswitch.conf
echo 'nonroot:x:65532:65532::/:/sbin/nologin' > ${root}/etc/passwd
${mountsOf(script, root, group).join('\n')}
${container.securityContext.readOnlyRootFilesystem ? `mount -o remount,ro ${root}` : ''}
cd /
exec chroot ${root} setpriv --reuid ${user} --regid ${group} --clear-groups --no-new-privs --inh-caps=-all${added} --bounding-set=-all${added} ${[...script.entrypoint, ...(container.args ?? [])].map(quote).join(' ')}
`;
}

function mountsOf(script: Script, root: string, group: number): string[] {
  const { container, spec, dir, contents, account } = script;
  const byName = new Map<string, Volume>((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  const lines = [...(container.volumeMounts ?? [])]
    .sort((a, b) => (a.mountPath < b.mountPath ? -1 : 1))
    .flatMap(({ name, mountPath }, i) => {
      const volume = byName.get(name);
      const at = `${root}${mountPath}`;
      if (volume?.hostPath) return [`mkdir -p ${at}`, `mount --rbind -o ro ${volume.hostPath.path} ${at}`];
      if (volume?.emptyDir) {
        const size = (volume.emptyDir.sizeLimit ?? '64Mi')
          .replace('Ki', 'k')
          .replace('Mi', 'm')
          .replace('Gi', 'g');
        return [`mkdir -p ${at}`, `mount -t tmpfs -o size=${size},mode=2777,gid=${group} none ${at}`];
      }
      const source = volume?.secret ?? volume?.configMap;
      if (!source) throw new Error(`volume '${name}' is of no kind that is known here`);
      const key = 'secretName' in source ? source.secretName : source.name;
      const data = contents[key];
      if (!data) throw new Error(`there is no Secret or ConfigMap '${key}' to mount`);
      return filesMount(
        { at, from: join(dir, `volume-${i}`), group, mode: source.defaultMode ?? 0o644 },
        projected(data, source),
      );
    });
  if (!spec.automountServiceAccountToken || !account) return lines;
  const at = `${root}/var/run/secrets/kubernetes.io/serviceaccount`;
  return [...lines, ...filesMount({ at, from: join(dir, 'account'), group, mode: 0o640 }, account)];
}

function filesMount(
  mount: { readonly at: string; readonly from: string; readonly group: number; readonly mode: number },
  files: Readonly<Record<string, string>>,
): string[] {
  const { at, from, group, mode } = mount;
  mkdirSync(from, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(from, name), content);
  return [
    `mkdir -p ${at}`,
    `mount -t tmpfs -o size=2m,mode=0755,gid=${group} none ${at}`,
    `cp ${from}/* ${at}/; chown root:${group} ${at}/*; chmod ${mode.toString(8)} ${at}/*`,
    `mount -o remount,ro ${at}`,
  ];
}
