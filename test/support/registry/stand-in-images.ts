import { createHash } from 'node:crypto';

/** Bytes of a tiny OCI image that stands in for a published one in tests and examples; the same input gives the same digest. */
export interface StandInImage {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly manifest: Buffer;
  readonly platforms: Readonly<Record<string, { readonly digest: string; readonly manifest: Buffer }>>;
  readonly blobs: readonly { readonly digest: string; readonly content: Buffer }[];
}

const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

/** Makes the stand-in of `registry/repository:tag` for two platforms under one index. */
export function standInImage(reference: string): StandInImage {
  const [repository = '', tag = ''] = [
    reference.slice(0, reference.lastIndexOf(':')),
    reference.slice(reference.lastIndexOf(':') + 1),
  ];
  const blobs: { digest: string; content: Buffer }[] = [];
  const add = (content: Buffer): { digest: string; size: number } => {
    const digest = digestOf(content);
    if (!blobs.some((blob) => blob.digest === digest)) blobs.push({ digest, content });
    return { digest, size: content.length };
  };
  const platforms: Record<string, { digest: string; manifest: Buffer }> = {};
  for (const architecture of ['amd64', 'arm64']) {
    const layer = add(Buffer.from(`stand-in for ${reference} on linux/${architecture}\n`));
    const config = add(
      json({ architecture, os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [layer.digest] } }),
    );
    const manifest = json({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, ...config },
      layers: [{ mediaType: mediaTypes.layer, ...layer }],
    });
    platforms[`linux/${architecture}`] = { digest: digestOf(manifest), manifest };
  }
  const manifest = json({
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: Object.entries(platforms).map(([platform, entry]) => ({
      mediaType: mediaTypes.manifest,
      digest: entry.digest,
      size: entry.manifest.length,
      platform: { os: 'linux', architecture: platform.slice('linux/'.length) },
    })),
  });
  return { repository, tag, digest: digestOf(manifest), manifest, platforms, blobs };
}

/** Digest as OCI writes it. */
export function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Media types of the parts of {@link StandInImage}. */
export { mediaTypes };
