import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@kubehero/runtime';

/** Layout of the folder; grows when an older version could not read it any more. */
const FORMAT = 2;
const SECRET_BYTES = 32;

/** Where `kubehero up` keeps its data unless told otherwise. */
export function defaultDataFolder(environment: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/kubehero';
  const base = environment['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share');
  return join(base, 'kubehero');
}

/** The folder of one embedded installation, used by one process at a time. */
export class DataFolder {
  private constructor(
    readonly path: string,
    private readonly lockFile: string,
  ) {}

  /**
   * Takes the folder into use, making it where it is missing.
   *
   * @throws UserError `IN_USE` or `OTHER_VERSION`
   */
  static async open(path: string): Promise<DataFolder> {
    await mkdir(path, { recursive: true, mode: 0o711 });
    await chmod(path, 0o711); // postgresql runs as another user and must pass through; every secret in it is 0600
    const folder = new DataFolder(path, join(path, 'lock'));
    await folder.#lock();
    await folder.#checkFormat();
    await rm(folder.file('client.json'), { force: true });
    return folder;
  }

  /** A path in the folder. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** 32 random bytes that are made once and kept, mode 0600. */
  async secret(name: string): Promise<Buffer> {
    const file = this.file(name);
    if (existsSync(file)) return Buffer.from((await readFile(file, 'utf8')).trim(), 'base64');
    const secret = randomBytes(SECRET_BYTES);
    await this.write(name, `${secret.toString('base64')}\n`);
    return secret;
  }

  /** Writes a file as a whole or not at all, mode 0600. */
  async write(name: string, content: string): Promise<void> {
    const temporary = this.file(`.${name}.${process.pid}`);
    await writeFile(temporary, content, { mode: 0o600 });
    await rename(temporary, this.file(name));
  }

  /** Lets the folder go. */
  async close(): Promise<void> {
    await rm(this.file('client.json'), { force: true });
    await rm(this.lockFile, { force: true });
  }

  /** The lock names a process by id and start time, so that a killed one does not hold it. */
  async #lock(): Promise<void> {
    const holder = existsSync(this.lockFile) ? (await readFile(this.lockFile, 'utf8')).trim() : '';
    const [pid = ''] = holder.split(' ');
    if (holder !== '' && holder === describeProcess(Number(pid))) {
      throw new UserError(
        'IN_USE',
        `the data folder ${this.path} is in use by process ${pid}: stop it, or give another --data-dir`,
      );
    }
    await rm(this.lockFile, { force: true });
    const handle = await open(this.lockFile, 'wx', 0o600).catch((cause: unknown) => {
      throw new UserError(
        'IN_USE',
        `the data folder ${this.path} was taken by another process just now: give another --data-dir`,
        { cause },
      );
    });
    await handle.writeFile(`${describeProcess(process.pid)}\n`);
    await handle.close();
  }

  async #checkFormat(): Promise<void> {
    const file = this.file('format');
    if (!existsSync(file)) {
      await this.write('format', `${FORMAT}\n`);
      return;
    }
    const found = Number((await readFile(file, 'utf8')).trim());
    if (found === FORMAT) return;
    await rm(this.lockFile, { force: true });
    throw new UserError(
      'OTHER_VERSION',
      `the data folder ${this.path} has format ${found}, this version reads ${FORMAT}: use the version that made it, or give another --data-dir`,
    );
  }
}

/** `pid starttime`, empty where there is no such process. */
function describeProcess(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    return `${pid} ${startTime}`;
  } catch {
    return ''; // the process is gone, which is what is asked here
  }
}
