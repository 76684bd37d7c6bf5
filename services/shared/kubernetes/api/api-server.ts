import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from './api-error.js';

/** Where an API server is and how a caller proves who it is. */
export interface ApiServer {
  /** `https://host:port`, without a path. */
  readonly url: URL;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca?: string | Buffer;
  /** PEM of a client certificate and its key. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** Takes any certificate; only if a kubeconfig says so. */
  readonly insecure?: boolean;
  /** Value of the Authorization header, asked before every call, for tokens are rotated. */
  authorization(): Promise<string | undefined>;
}

/** Where a pod finds its service account, as Kubernetes mounts it. */
export const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The API server as a pod sees it. `host` and `port` are those that Kubernetes puts into its environment. */
export function inClusterServer(host: string, port: string, folder = serviceAccountFolder): ApiServer {
  let ca: Buffer;
  try {
    ca = readFileSync(join(folder, 'ca.crt'));
  } catch (cause) {
    throw new ApiError(
      'UNREACHABLE',
      `no service account in ${folder}: run in a pod with automountServiceAccountToken, or give a kubeconfig`,
      { cause },
    );
  }
  return {
    url: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    ca,
    authorization: async () => `Bearer ${(await readFile(join(folder, 'token'), 'utf8')).trim()}`,
  };
}

/**
 * The API server of a kubeconfig. The client library is loaded only here, because it is large.
 *
 * @throws {ApiError} UNREACHABLE if the file or the context is missing
 */
export async function kubeconfigServer(file: string, context?: string): Promise<ApiServer> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    config.loadFromFile(file);
  } catch (cause) {
    throw new ApiError('UNREACHABLE', `could not read kubeconfig ${file}`, { cause });
  }
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new ApiError(
      'UNREACHABLE',
      `kubeconfig ${file} has no context '${context ?? config.getCurrentContext()}'`,
    );
  }
  const options: { ca?: string | Buffer; cert?: string | Buffer; key?: string | Buffer; headers?: object } =
    {};
  await config.applyToHTTPSOptions(options);
  return {
    url: new URL(cluster.server),
    ...(options.ca !== undefined && { ca: options.ca }),
    ...(options.cert !== undefined && { cert: options.cert }),
    ...(options.key !== undefined && { key: options.key }),
    insecure: cluster.skipTLSVerify,
    authorization: async () => {
      const fresh: { headers?: Record<string, string> } = {};
      await config.applyToHTTPSOptions(fresh);
      return fresh.headers?.['Authorization'];
    },
  };
}

/**
 * Name of the context that a kubeconfig uses by itself; empty where it names none.
 *
 * @throws {ApiError} UNREACHABLE if the file cannot be read
 */
export async function currentContext(file: string): Promise<string> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    config.loadFromFile(file);
  } catch (cause) {
    throw new ApiError('UNREACHABLE', `could not read kubeconfig ${file}`, { cause });
  }
  return config.getCurrentContext();
}
