/** One image to bring into the site. */
export interface MirroredImage {
  /** `repository:tag@digest` as the lock has it. */
  readonly source: string;
  /** `repository:tag@digest` as the manifests name it. */
  readonly target: string;
}

/** Every reference by digest in the manifests, each once, sorted. */
export function imagesIn(manifests: readonly unknown[]): string[] {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value === 'string') {
      if (referencePattern.test(value)) found.add(value);
    } else if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  manifests.forEach(visit);
  return [...found].sort();
}

/** `registry/path:tag@sha256:…`, whole. */
export const referencePattern =
  /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+(:[\w][\w.-]{0,127})?@sha256:[0-9a-f]{64}$/;

/** `images.txt`: one reference a line. */
export function toImagesTxt(images: readonly MirroredImage[]): string {
  return images.map((image) => `${image.target}\n`).join('');
}

/** One command a line that copies an image with all of its platforms, its signatures aside; no script around it. */
export function toMirrorCommands(images: readonly MirroredImage[]): string {
  return images
    .map(
      (image) =>
        `skopeo copy --all --preserve-digests docker://${withoutTag(image.source)} docker://${withoutDigest(image.target)}\n`,
    )
    .join('');
}

function withoutTag(reference: string): string {
  return reference.replace(/:[^:@/]+@/, '@');
}

function withoutDigest(reference: string): string {
  return reference.slice(0, reference.indexOf('@'));
}
