import { open, readFile, rename, type FileHandle } from 'node:fs/promises';
import { AuditError } from './audit-error.js';

interface Waiting {
  readonly text: string;
  /** Takes the place of everything before it. */
  readonly isWhole: boolean;
  readonly resolve: () => void;
  readonly reject: (error: AuditError) => void;
}

/** Lines that are appended and on disk when `append` resolves; those that meet share one synchronization. */
export class AuditFile {
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #failure: AuditError | undefined;

  private constructor(
    private readonly path: string,
    private handle: FileHandle,
  ) {}

  /**
   * Opens a file, or makes it, and reads its lines. A last line without its end, which a killed process leaves, is cut.
   *
   * @throws {AuditError} UNREADABLE, UNWRITABLE
   */
  static async open(path: string): Promise<{ file: AuditFile; lines: readonly string[] }> {
    const text = await readText(path);
    const end = text.lastIndexOf('\n') + 1;
    try {
      const handle = await open(path, 'a', 0o600);
      await handle.truncate(Buffer.byteLength(text.slice(0, end)));
      const lines = text.slice(0, end).split('\n').slice(0, -1);
      return { file: new AuditFile(path, handle), lines };
    } catch (cause) {
      throw new AuditError(
        'UNWRITABLE',
        `could not open ${path} to write: give the operator a writable data folder`,
        {
          cause,
        },
      );
    }
  }

  /** Adds lines; resolves when they are on disk. @throws {AuditError} UNWRITABLE, now and for ever after */
  async append(lines: readonly string[]): Promise<void> {
    return this.#enqueue(lines, false);
  }

  /**
   * Replaces everything that was written or is about to be; a process that is killed leaves the old lines or the new.
   *
   * @throws {AuditError} UNWRITABLE, now and for ever after
   */
  async replace(lines: readonly string[]): Promise<void> {
    return this.#enqueue(lines, true);
  }

  async close(): Promise<void> {
    await this.#flushing;
    this.#failure ??= new AuditError('CLOSED', 'the chain of actions is closed');
    await this.handle.close();
  }

  async #enqueue(lines: readonly string[], isWhole: boolean): Promise<void> {
    if (this.#failure) throw this.#failure;
    const text = lines.map((line) => `${line}\n`).join('');
    const written = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ text, isWhole, resolve, reject });
    });
    this.#flushing ??= this.#flush();
    return written;
  }

  async #flush(): Promise<void> {
    // What arrives in this turn shares the synchronization.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch();
      try {
        await this.#write(batch.map(({ text }) => text).join(''), batch[0]?.isWhole === true);
        for (const { resolve } of batch) resolve();
      } catch (cause) {
        const error = this.#fail(cause);
        for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(error);
      }
    }
    this.#flushing = undefined;
  }

  /** Up to the next replacement, which begins a batch of its own. */
  #nextBatch(): Waiting[] {
    const next = this.#waiting.findIndex(({ isWhole }, index) => isWhole && index > 0);
    return this.#waiting.splice(0, next < 0 ? this.#waiting.length : next);
  }

  async #write(text: string, isWhole: boolean): Promise<void> {
    if (!isWhole) {
      await this.handle.appendFile(text);
      await this.handle.datasync();
      return;
    }
    const partial = `${this.path}.partial`;
    const next = await open(partial, 'w', 0o600);
    try {
      await next.writeFile(text);
      await next.datasync();
    } finally {
      await next.close();
    }
    await rename(partial, this.path);
    await this.handle.close();
    this.handle = await open(this.path, 'a', 0o600);
  }

  #fail(cause: unknown): AuditError {
    this.#failure ??= new AuditError(
      'UNWRITABLE',
      `could not write ${this.path}: make room or give the right to write, then start the operator again`,
      { cause },
    );
    return this.#failure;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new AuditError('UNREADABLE', `could not read ${path}: give the operator the right to read it`, {
      cause,
    });
  }
}
