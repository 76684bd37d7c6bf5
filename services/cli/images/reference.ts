import { ImagesError } from './errors.js';

/** `registry/path:tag` in its parts. */
export interface ImageReference {
  /** Host and port. */
  readonly registry: string;
  /** Path within the registry. */
  readonly path: string;
  readonly tag: string;
}

/**
 * Reads a full reference; the registry is never guessed.
 * @throws ImagesError BAD_REFERENCE
 */
export function parseReference(text: string): ImageReference {
  const match = /^([a-z0-9.-]+(?::\d+)?)\/([a-z0-9]+(?:[._/-]+[a-z0-9]+)*):([\w][\w.-]{0,127})$/.exec(text);
  const [, registry = '', path = '', tag = ''] = match ?? [];
  if (!match || !(/[.:]/.test(registry) || registry === 'localhost')) {
    throw new ImagesError(
      'BAD_REFERENCE',
      `'${text}' is no full image reference: write registry.example.com/path:tag`,
      { exitCode: 2 },
    );
  }
  return { registry, path, tag };
}

/**
 * Where a mirror holds an image: under its path, with or without the original host as a folder.
 * @param mirror - `host[:port][/path]`
 */
export function atMirror(reference: ImageReference, mirror: string, keepHost: boolean): ImageReference {
  const [registry = '', ...folder] = mirror.split('/');
  const path = [...folder, ...(keepHost ? [reference.registry] : []), reference.path].join('/');
  return { registry, path, tag: reference.tag };
}
