import { readFileSync } from 'node:fs';
import {
  EnrolledIdentity,
  fixedTls,
  RpcChannel,
  telemetry,
  type TlsMaterial,
  type TlsSource,
} from '@kubehero/rpc';
import { UserError } from '@kubehero/runtime';
import type { CollectorSettings } from './config.js';
import type { OpenReport } from './uplink/messages.js';
import { reportOver } from './uplink/report-stream.js';

/** The pause between two attempts to connect must leave time before the buffer of 60 seconds is full. */
const longestBackoffMs = 1000;

/** What a connection needs beside its settings. */
export interface HubConnectionOptions {
  readonly settings: CollectorSettings;
  /** Name in this collector's certificate. */
  readonly name: string;
  readonly onNotice: (sentence: string) => void;
}

/**
 * The way to the hub: enrols a short-lived certificate with that of the cluster, renews it, and opens Report calls.
 * Address and files are read again at every attempt, so that they can be changed without a restart.
 */
export class HubConnection {
  private readonly identity: EnrolledIdentity;
  private channel: { target: string; channel: RpcChannel } | undefined;

  constructor(private readonly options: HubConnectionOptions) {
    const { settings, name, onNotice } = options;
    this.identity = new EnrolledIdentity({
      target: () => Promise.resolve(readHub(settings)),
      clusterTls: clusterTls(settings),
      role: 'collector',
      name,
      onFailure: (error, retryInMs) => {
        const why = error instanceof Error ? error.message : String(error);
        onNotice(`could not enrol at the hub, trying again in ${retryInMs / 1000} s: ${why}`);
      },
    });
  }

  /** Resolves when the first certificate is there. */
  async start(signal: AbortSignal): Promise<void> {
    await this.identity.start(signal);
  }

  /** Closes the channel and ends the renewal. */
  async stop(): Promise<void> {
    this.channel?.channel.close();
    await this.identity.stop();
  }

  /** Opens a Report call. */
  get openReport(): OpenReport {
    return reportOver(() => this.findChannel().client(telemetry.TelemetryService).Report());
  }

  private findChannel(): RpcChannel {
    const target = readHub(this.options.settings);
    if (this.channel?.target !== target) {
      this.channel?.channel.close();
      const channel = new RpcChannel({ target, tls: this.identity, maxBackoffMs: longestBackoffMs });
      this.channel = { target, channel };
    }
    return this.channel.channel;
  }
}

/** The cluster's certificate, read again at every use. */
function clusterTls(settings: CollectorSettings): TlsSource {
  const read = (): TlsMaterial => ({
    certificateChainPem: readText(settings.clusterCertFile),
    privateKeyPem: readText(settings.clusterKeyFile),
    caBundlePem: readText(settings.hubCaFile),
  });
  return { ...fixedTls(read()), current: read };
}

/**
 * Address of the hub.
 *
 * @throws {UserError} NO_HUB
 */
export function readHub({ hub, hubFile }: Pick<CollectorSettings, 'hub' | 'hubFile'>): string {
  const address = hubFile === undefined ? hub : readText(hubFile).trim();
  if (address === undefined || address === '') {
    throw new UserError('NO_HUB', 'no hub to report to: give --hub host:port, or KUBEHERO_HUB_ENDPOINT');
  }
  return address;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new UserError(
      'UNREADABLE_FILE',
      `could not read ${path} (${code}): mount it, or give another path`,
      {
        cause,
      },
    );
  }
}
