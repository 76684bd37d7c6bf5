import { readFileSync } from 'node:fs';
import { type ImageLockDocument, type ImageRole, imageRoles, type LockedImage } from '@kubehero/contract';
import { ConstructsError } from './faults.js';

export { type ImageLockDocument, type ImageRole, imageRoles, type LockedImage };

/** The images that manifests may name: only what a registry said, by digest. Filled by `kubehero images lock`. */
export class ImageLock {
  readonly #images: ReadonlyMap<string, LockedImage>;

  private constructor(images: ReadonlyMap<string, LockedImage>) {
    this.#images = images;
  }

  /**
   * Reads a lock file.
   * @throws ConstructsError INVALID_LOCK when the file is missing or is none
   */
  static fromFile(path: string): ImageLock {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      throw new ConstructsError(
        'INVALID_LOCK',
        `cannot read the image lock '${path}': run 'kubehero images lock --output ${path}'`,
        { cause },
      );
    }
    return ImageLock.fromJson(text, path);
  }

  /**
   * Reads the content of a lock file.
   * @throws ConstructsError INVALID_LOCK with everything that is wrong in it
   */
  static fromJson(text: string, origin = 'image lock'): ImageLock {
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch (cause) {
      throw new ConstructsError('INVALID_LOCK', `'${origin}' is no JSON: run 'kubehero images lock' again`, {
        cause,
      });
    }
    const faults = lockFaults(document);
    if (faults.length > 0)
      throw new ConstructsError('INVALID_LOCK', `'${origin}' is no image lock: ${faults.join('; ')}`);
    return new ImageLock(new Map(Object.entries((document as ImageLockDocument).images)));
  }

  /** The image of a role as `repository:tag@digest`; undefined when the lock does not hold it. */
  tryReference(role: ImageRole): string | undefined {
    const image = this.#images.get(role);
    return image && `${image.repository}:${image.tag}@${image.digest}`;
  }

  /** The locked image of a role; undefined when the lock does not hold it. */
  tryFind(role: ImageRole): LockedImage | undefined {
    return this.#images.get(role);
  }
}

/** A registry's host, with a port where it needs one, and a path (OCI distribution specification). */
const repositoryPattern = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+$/;

function lockFaults(document: unknown): string[] {
  if (typeof document !== 'object' || document === null) return ['it must be an object'];
  const { version, images } = document as { version?: unknown; images?: unknown };
  const faults = version === 1 ? [] : [`version must be 1, not ${JSON.stringify(version)}`];
  if (typeof images !== 'object' || images === null) return [...faults, 'images must be an object'];
  return [...faults, ...Object.entries(images).flatMap(([role, image]) => imageFaults(role, image))];
}

function imageFaults(role: string, image: unknown): string[] {
  const { repository, tag, digest } = (image ?? {}) as Partial<Record<keyof LockedImage, unknown>>;
  const named = [repository, tag].every((part) => typeof part === 'string' && part !== '');
  if (!named) return [`images.${role} must have a repository and a tag`];
  if (!repositoryPattern.test(String(repository)))
    return [
      `images.${role}.repository ${JSON.stringify(repository)} is none: write ghcr.io/kubehero/kubehero`,
    ];
  if (!/^\w[\w.-]{0,127}$/.test(String(tag)))
    return [
      `images.${role}.tag ${JSON.stringify(tag)} is none: use at most 128 letters, digits, '_', '-' and '.'`,
    ];
  if (typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest)) return [];
  return [`images.${role}.digest must be sha256: and 64 hex digits, not ${JSON.stringify(digest)}`];
}
