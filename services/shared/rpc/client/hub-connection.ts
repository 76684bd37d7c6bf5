import { readFileSync } from 'node:fs';
import { EnrolledIdentity } from '../certificates/enrolled-identity.js';
import type { CertificateRole } from '../certificates/peer-identity.js';
import { fixedTls, type TlsMaterial, type TlsSource } from '../certificates/tls-source.js';
import type { ServiceDescriptor } from '../definitions/service-shape.js';
import type { RpcClient } from './client-types.js';
import { RpcChannel } from './rpc-channel.js';

/** Where the hub is and how a program of a cluster proves that it belongs to that cluster. */
export interface HubAddress {
  /** `host:port`; the file, where one is given, wins. */
  readonly hub?: string | undefined;
  readonly hubFile?: string | undefined;
  /** PEM files: the hub's CA bundle, the cluster's own certificate and its key. */
  readonly hubCaFile: string;
  readonly clusterCertFile: string;
  readonly clusterKeyFile: string;
}

/** What a connection needs beside the address. */
export interface HubConnectionOptions {
  readonly address: HubAddress;
  readonly role: Exclude<CertificateRole, 'cluster'>;
  /** Name in the program's certificate. */
  readonly name: string;
  readonly onNotice: (sentence: string) => void;
  /** Longest pause between two attempts to connect. @default 1000 */
  readonly maxBackoffMs?: number;
}

/** The way to the hub cannot even be tried. */
export class HubConnectionError extends Error {
  override readonly name = 'HubConnectionError';

  constructor(
    readonly code: 'NO_HUB' | 'UNREADABLE_FILE',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const MAX_BACKOFF_MS = 1000;

/**
 * The way of a cluster's program to the hub: enrols a short-lived certificate with that of the cluster and renews it.
 * Address and files are read again at every attempt, so that they can be changed without a restart.
 */
export class HubConnection {
  readonly #options: HubConnectionOptions;
  readonly #identity: EnrolledIdentity;
  #channel: { readonly target: string; readonly channel: RpcChannel } | undefined;

  /** @throws {HubConnectionError} UNREADABLE_FILE */
  constructor(options: HubConnectionOptions) {
    const { address, role, name, onNotice } = options;
    this.#options = options;
    this.#identity = new EnrolledIdentity({
      target: async () => Promise.resolve(readHub(address)),
      clusterTls: clusterTls(address),
      role,
      name,
      onFailure: (error, retryInMs) => {
        const why = error instanceof Error ? error.message : String(error);
        onNotice(`could not enrol at the hub, trying again in ${retryInMs / 1000} s: ${why}`);
      },
    });
  }

  /** Resolves when the first certificate is there; tries until then, or until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#identity.start(signal);
  }

  /** Closes the channel and ends the renewal; it MAY be started again. */
  async stop(): Promise<void> {
    this.#channel?.channel.close();
    this.#channel = undefined;
    await this.#identity.stop();
  }

  /** A service of the hub; ask again for every call, because the hub may have moved. @throws {HubConnectionError} */
  client<Shape>(service: ServiceDescriptor<Shape>): RpcClient<Shape> {
    const target = readHub(this.#options.address);
    if (this.#channel?.target !== target) {
      this.#channel?.channel.close();
      const maxBackoffMs = this.#options.maxBackoffMs ?? MAX_BACKOFF_MS;
      this.#channel = { target, channel: new RpcChannel({ target, tls: this.#identity, maxBackoffMs }) };
    }
    return this.#channel.channel.client(service);
  }
}

/** The cluster's certificate, read again at every use. */
function clusterTls(address: HubAddress): TlsSource {
  const read = (): TlsMaterial => ({
    certificateChainPem: readText(address.clusterCertFile),
    privateKeyPem: readText(address.clusterKeyFile),
    caBundlePem: readText(address.hubCaFile),
  });
  return { ...fixedTls(read()), current: read };
}

/**
 * Address of the hub.
 *
 * @throws {HubConnectionError} NO_HUB, UNREADABLE_FILE
 */
export function readHub({ hub, hubFile }: Pick<HubAddress, 'hub' | 'hubFile'>): string {
  const address = hubFile === undefined ? hub : readText(hubFile).trim();
  if (address === undefined || address === '') {
    throw new HubConnectionError(
      'NO_HUB',
      'no hub to report to: give --hub host:port, or KUBEHERO_HUB_ENDPOINT',
    );
  }
  return address;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new HubConnectionError(
      'UNREADABLE_FILE',
      `could not read ${path} (${code}): mount it, or give another path`,
      { cause },
    );
  }
}
