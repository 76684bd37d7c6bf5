import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, hostname, networkInterfaces, totalmem } from 'node:os';
import type { NodeSpec } from '../uplink/messages.js';

/** What this machine says of itself, without Kubernetes. */
export interface NodeFacts {
  /** Identity of the machine; the Kubernetes UID of the node takes its place where there is one. */
  readonly nodeUid: string;
  readonly spec: NodeSpec;
}

/** Reads identity, boot and capacity of this machine. */
export function readNodeFacts(): NodeFacts {
  return {
    nodeUid: readMachineId(),
    spec: {
      name: hostname(),
      providerId: '',
      bootId: tryRead('/proc/sys/kernel/random/boot_id') ?? '',
      bootedAtS: Number(/^btime (\d+)$/m.exec(tryRead('/proc/stat') ?? '')?.[1] ?? 0),
      labels: {
        'kubernetes.io/os': process.platform,
        'kubernetes.io/arch': process.arch === 'x64' ? 'amd64' : process.arch,
        'kubernetes.io/hostname': hostname(),
      },
      annotations: {},
      cpuCapacityMillicores: Math.max(cpus().length, availableParallelism()) * 1000,
      memoryCapacityBytes: totalmem(),
      gpuCapacity: 0,
      gpuModel: '',
    },
  };
}

/** The machine id of systemd or D-Bus; where there is none, a hash of what does not change with a reboot. */
function readMachineId(): string {
  const machineId = tryRead('/etc/machine-id') ?? tryRead('/var/lib/dbus/machine-id');
  if (machineId !== undefined && /^[0-9a-f]{32}$/.test(machineId)) return machineId;
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => (list ?? []).map((entry) => entry.mac))
    .filter((mac) => mac !== '00:00:00:00:00:00');
  const facts = [hostname(), tryRead('/sys/class/dmi/id/product_uuid') ?? '', ...new Set(addresses.sort())];
  return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 32);
}

function tryRead(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? undefined : text;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'EACCES') return undefined;
    throw error;
  }
}
