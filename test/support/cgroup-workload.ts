import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryFindCgroup2 } from './requirements.js';

/** A cgroup v2 of a test, removed by `remove`. */
export class TestCgroup {
  readonly directory: string;

  /** Makes `<root>/<name>`; a name may have parts that are made by others. */
  constructor(readonly name: string) {
    const root = tryFindCgroup2();
    if (root === undefined) throw new Error('no cgroup2 hierarchy is mounted');
    this.directory = join(root, name);
    mkdirSync(this.directory);
  }

  /** CPU time by the kernel's own file, in microseconds. */
  readCpuUs(): number {
    const text = readFileSync(join(this.directory, 'cpu.stat'), 'utf8');
    return Number(/^usage_usec (\d+)$/m.exec(text)?.[1]);
  }

  /** Burns CPU time in this cgroup and resolves when the process is gone. */
  async burn(work: { cpuMs: number; dutyPercent: number }): Promise<void> {
    const burner = join(import.meta.dirname, 'cpu-burner.js');
    const child = spawn(process.execPath, [burner, this.directory, `${work.cpuMs}`, `${work.dutyPercent}`], {
      stdio: 'inherit',
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`cpu burner ended with ${String(code)}`);
  }

  /** Removes the cgroup as soon as its last process is gone. */
  async remove(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        rmdirSync(this.directory);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || attempt > 200) throw error;
        await sleep(5);
      }
    }
  }
}
