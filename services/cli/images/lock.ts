import type { ImageLockDocument, LockedImage } from '@kubehero/contract';
import { ImagesError } from './errors.js';
import { atMirror, parseReference } from './reference.js';
import type { RegistryClient } from './registry-client.js';

/** What is to be locked. */
export interface LockRequest {
  /** Full reference by role. */
  readonly images: Readonly<Record<string, string>>;
  /** Where to ask instead of the images' own registries: `host[:port][/path]`. */
  readonly mirror?: string | undefined;
  /** The mirror keeps the original registry's host as a folder. */
  readonly keepHost: boolean;
}

/**
 * Asks for every image and makes the lock; the repositories in it are the original ones, wherever they were asked.
 * @throws ImagesError for the first role, in the order of their names, that cannot be locked
 */
export async function lockImages(
  client: RegistryClient,
  request: LockRequest,
  signal: AbortSignal,
): Promise<ImageLockDocument> {
  const roles = Object.keys(request.images).sort();
  const entries = await Promise.all(
    roles.map(async (role): Promise<[string, LockedImage]> => {
      const reference = parseReference(request.images[role] ?? '');
      const asked =
        request.mirror === undefined ? reference : atMirror(reference, request.mirror, request.keepHost);
      const { digest, platforms } = await client.fetchManifest(asked, signal);
      const repository = `${reference.registry}/${reference.path}`;
      return [role, { repository, tag: reference.tag, digest, ...(platforms ? { platforms } : {}) }];
    }),
  );
  return { version: 1, images: Object.fromEntries(entries) };
}

/** The text of a lock file: sorted, so that its diff is what changed. */
export function formatLock(lock: ImageLockDocument): string {
  return `${JSON.stringify(lock, null, 2)}\n`;
}

/**
 * What a new lock says otherwise than the old one, a line an image.
 * @throws ImagesError BAD_LOCK when the old text is no lock
 */
export function lockChanges(oldText: string, lock: ImageLockDocument): string[] {
  let old: Partial<ImageLockDocument>;
  try {
    old = JSON.parse(oldText) as Partial<ImageLockDocument>;
  } catch (cause) {
    throw new ImagesError('BAD_LOCK', 'the lock file is no JSON: remove it and lock again', { cause });
  }
  const before = old.images ?? {};
  const roles = [...new Set([...Object.keys(before), ...Object.keys(lock.images)])].sort();
  return roles.flatMap((role) => {
    const [was, is] = [before[role], lock.images[role]];
    if (was?.digest === is?.digest && was?.tag === is?.tag) return [];
    return [
      `${role}: ${was ? `${was.tag} ${was.digest}` : 'absent'} -> ${is ? `${is.tag} ${is.digest}` : 'absent'}`,
    ];
  });
}
