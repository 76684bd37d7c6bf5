import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Collector } from '@kubehero/collector';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestCgroup } from '../../support/cgroup-workload.js';
import { ReportHub } from '../../support/report-hub.js';
import { bpf, describeWith } from '../../support/requirements.js';

const namespace = 'kubehero-test';
const link = 'kubehero0';
const peerScript = join(import.meta.dirname, '../../support/udp-peer.js');
const datagrams = 1009;
const payload = 1000;
const ip = (...parts: string[]): void => {
  execFileSync('ip', parts, { stdio: 'pipe' });
};
const inside = (...parts: string[]): void => {
  ip('netns', 'exec', namespace, 'ip', ...parts);
};

function makeNamespace(): void {
  ip('netns', 'add', namespace);
  ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'peer0', 'netns', namespace);
  ip('addr', 'add', '10.77.0.1/24', 'dev', link);
  ip('addr', 'add', 'fd77::1/64', 'dev', link, 'nodad');
  ip('link', 'set', link, 'up');
  inside('addr', 'add', '10.77.0.2/24', 'dev', 'peer0');
  inside('addr', 'add', '10.77.0.3/24', 'dev', 'peer0');
  inside('addr', 'add', '198.18.77.7/32', 'dev', 'peer0');
  inside('addr', 'add', 'fd77::2/64', 'dev', 'peer0', 'nodad');
  inside('link', 'set', 'peer0', 'up');
  ip('route', 'add', '198.18.77.7/32', 'via', '10.77.0.2');
}

async function send(cgroup: TestCgroup, address: string): Promise<void> {
  const role = [peerScript, cgroup.directory, 'send', address, '7777', `${datagrams}`, `${payload}`];
  const [code] = (await once(spawn(process.execPath, role, { stdio: 'inherit' }), 'exit')) as [number];
  expect(code).toBe(0);
}

describeWith([bpf], 'bytes by the class of the other end', () => {
  const hub = new ReportHub();
  let collector: Collector;
  let receiver: ChildProcess;
  let sending: TestCgroup;
  let receiving: TestCgroup;

  beforeAll(async () => {
    makeNamespace();
    sending = new TestCgroup('kubehero-test-sends');
    receiving = new TestCgroup('kubehero-test-receives');
    await hub.start();
    collector = new Collector({
      mode: 'bpf',
      openReport: hub.openReport,
      emitter: 'test/1',
      onNotice: (sentence) => process.stderr.write(`${sentence}\n`),
      topology: [
        { cidr: '10.77.0.0/16', networkClass: 2 },
        { cidr: '10.77.0.3', networkClass: 3 },
      ],
    });
    await collector.start();
    // Not "ip netns exec": that hides the cgroup file systems behind a new /sys.
    const role = [`--net=/run/netns/${namespace}`, process.execPath, peerScript, receiving.directory];
    receiver = spawn('nsenter', [...role, 'receive', '10.77.0.2', '7777'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (receiver.stdout !== null) await once(receiver.stdout, 'data');
    await sleep(1500);
  });

  afterAll(async () => {
    await collector.stop();
    hub.close();
    receiver.kill('SIGKILL');
    await sending.remove();
    await receiving.remove();
    ip('link', 'del', link);
    ip('netns', 'del', namespace);
  });

  const bytesOf = (workload: string, networkClass: number): { tx: number; rx: number } => {
    const sum = { tx: 0, rx: 0 };
    for (const { network } of hub.rowsOf(workload)) {
      sum.tx += network[networkClass]?.tx ?? 0;
      sum.rx += network[networkClass]?.rx ?? 0;
    }
    return sum;
  };

  it('are exact, by the most specific prefix, for both ends', async () => {
    await send(sending, '10.77.0.2');
    await send(sending, '10.77.0.3');
    await send(sending, '198.18.77.7');
    await sleep(2500);
    const ipv4Bytes = datagrams * (payload + 28);
    expect(bytesOf('kubehero-test-sends', 2).tx).toBe(ipv4Bytes);
    expect(bytesOf('kubehero-test-sends', 3).tx).toBe(ipv4Bytes);
    expect(bytesOf('kubehero-test-sends', 4).tx).toBe(ipv4Bytes);
    expect(bytesOf('kubehero-test-sends', 1)).toEqual({ tx: 0, rx: 0 });
    // The sender's address is one of this machine's own.
    expect(bytesOf('kubehero-test-receives', 1).rx).toBe(ipv4Bytes);
  });

  it('follow a new topology, also for IPv6', async () => {
    collector.setTopology([{ cidr: 'fd77::/64', networkClass: 3 }]);
    await send(sending, 'fd77::2');
    await sleep(2500);
    expect(bytesOf('kubehero-test-sends', 3).tx).toBe(
      datagrams * (payload + 28) + datagrams * (payload + 48),
    );
    expect(collector.statistics().losses['packets']).toBe(0);
  });

  it('keep the classes when a prefix is none', () => {
    expect(() => {
      collector.setTopology([{ cidr: '10.0.0.0/33', networkClass: 2 }]);
    }).toThrow(expect.objectContaining({ code: 'BAD_PREFIX' }));
  });
});
