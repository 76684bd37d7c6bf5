import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PricingError } from '../errors.js';

const WAIT_MS = 60_000;
const PAUSE_MS = 50;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function tryTake(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(String(process.pid)).finally(() => file.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Removes the mark of a run that was killed. An empty mark is one that is being written, unless it stays so. */
async function clearDead(path: string, emptySinceMs: number): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const pid = Number(text);
  const dead = text === '' ? emptySinceMs > 2_000 : !Number.isInteger(pid) || pid <= 0 || !isAlive(pid);
  if (dead) await rm(path, { force: true });
}

/**
 * Runs `work` while holding the folder's lock file. A lock whose process is gone is taken over.
 * @throws PricingError CATALOGUE_BUSY after a minute of waiting
 */
export async function withFolderLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new PricingError('CATALOGUE', `cannot make the folder ${folder}: check its path and rights`, {
      cause,
    });
  }
  const path = join(folder, 'lock');
  const startedAt = Date.now();
  for (;;) {
    if (await tryTake(path)) break;
    const waited = Date.now() - startedAt;
    if (waited > WAIT_MS) {
      throw new PricingError(
        'CATALOGUE_BUSY',
        `another refresh holds ${folder}: wait for it, or remove ${path} if none runs`,
      );
    }
    await clearDead(path, waited);
    await sleep(PAUSE_MS);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}
