import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@kubehero/runtime';

/** What the hub issued, PEM. */
export interface CertificateTexts {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly caBundlePem: string;
}

/** Names of the files, as the cluster's Secret and ConfigMap have them. */
export const certificateFiles = { certificate: 'tls.crt', key: 'tls.key', ca: 'ca.crt' } as const;

const KEY_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** A folder that holds a cluster's certificate, its key and the CA bundle of the hub; readable by its owner alone. */
export class CertificateFolder {
  private constructor(readonly path: string) {}

  /**
   * Makes the folder and tries to write into it: asked before the hub issues a key that is nowhere else.
   *
   * @param mayReplace - false refuses a folder that holds a key
   * @throws UserError `KEY_EXISTS`, `CANNOT_WRITE`
   */
  static async open(path: string, mayReplace: boolean): Promise<CertificateFolder> {
    if (!mayReplace && existsSync(join(path, certificateFiles.key))) {
      throw new UserError('KEY_EXISTS', `${path} holds a key already: give another folder with --out`);
    }
    const probe = join(path, `.${randomBytes(6).toString('hex')}`);
    try {
      await mkdir(path, { recursive: true, mode: FOLDER_MODE });
      await writeFile(probe, '', { mode: KEY_MODE });
      await rm(probe);
    } catch (cause) {
      throw new UserError('CANNOT_WRITE', `cannot write into ${path}: give another folder with --out`, {
        cause,
      });
    }
    return new CertificateFolder(path);
  }

  /** Writes the three files, each whole or not at all. */
  async write(texts: CertificateTexts): Promise<void> {
    await this.#put(certificateFiles.key, texts.privateKeyPem);
    await this.#put(certificateFiles.certificate, texts.certificatePem);
    await this.#put(certificateFiles.ca, texts.caBundlePem);
  }

  async #put(name: string, text: string): Promise<void> {
    const partial = join(this.path, `.${name}.partial`);
    await rm(partial, { force: true });
    await writeFile(partial, text, { mode: KEY_MODE, flag: 'wx' });
    await rename(partial, join(this.path, name));
  }
}
