import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Moves itself into a cgroup, then uses an amount of CPU time at a share of one CPU. Arguments: folder, ms, percent. */
function main([directory = '', cpuMsText = '0', dutyPercentText = '100']: string[]): void {
  writeFileSync(join(directory, 'cgroup.procs'), String(process.pid));
  const before = process.cpuUsage();
  const startedAt = process.hrtime.bigint();
  const idle = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    const used = process.cpuUsage(before);
    const cpuMs = (used.user + used.system) / 1000;
    if (cpuMs >= Number(cpuMsText)) return;
    const elapsedMs = Number(process.hrtime.bigint() - startedAt) / 1e6;
    const aheadMs = (cpuMs * 100) / Number(dutyPercentText) - elapsedMs;
    if (aheadMs > 2) Atomics.wait(idle, 0, 0, aheadMs);
    else for (let step = 0; step < 20_000; step++) Math.sqrt(step);
  }
}

main(process.argv.slice(2));
