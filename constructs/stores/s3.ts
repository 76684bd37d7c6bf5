import type { Faults } from '../core/faults.js';

/** A place in an S3-compatible object store. */
export interface S3Location {
  /** `s3://bucket/prefix`. */
  readonly url: string;
  /** @default 'us-east-1' */
  readonly region?: string;
  /** Base URL of a store that is not AWS. */
  readonly endpoint?: string;
  /** Existing Secret with the keys below; absent where the pod's own identity (IRSA, workload identity) is enough. */
  readonly credentials?: {
    readonly name: string;
    readonly accessKeyIdKey?: string;
    readonly secretAccessKeyKey?: string;
  };
  /** Addresses of the store for the network policies. @default ['0.0.0.0/0'], port 443 */
  readonly cidrs?: readonly string[];
  /** @default 443 */
  readonly port?: number;
}

/** Bounds of a location. */
export function checkS3(faults: Faults, prop: string, location: S3Location): void {
  faults.check(
    /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[A-Za-z0-9._/-]*)?$/.test(location.url),
    `${prop}.url`,
    `'${location.url}' is no bucket: write it as s3://bucket/prefix`,
  );
  if (location.endpoint !== undefined)
    faults.check(
      /^https?:\/\/[A-Za-z0-9.:[\]-]+$/.test(location.endpoint),
      `${prop}.endpoint`,
      `'${location.endpoint}' is no base URL: write https://host`,
    );
  if (location.region !== undefined)
    faults.check(
      /^[a-z0-9-]{1,64}$/.test(location.region),
      `${prop}.region`,
      `'${location.region}' is no region: write us-east-1`,
    );
  faults.cidrs(`${prop}.cidrs`, location.cidrs);
  faults.integer(`${prop}.port`, location.port, [1, 65535]);
  if (location.credentials) faults.requiredName(`${prop}.credentials.name`, location.credentials.name);
}

/** URL of the bucket as S3 over HTTP wants it: by path where an endpoint is given, else by the host of the region. */
export function httpUrlOf(location: S3Location): string {
  const [, bucket, path] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(location.url) ?? [];
  const folder = path ? `${path.replace(/\/$/, '')}/` : '';
  if (location.endpoint) return `${location.endpoint}/${bucket}/${folder}`;
  return `https://${bucket}.s3.${location.region ?? 'us-east-1'}.amazonaws.com/${folder}`;
}
