import { readFile } from 'node:fs/promises';

/** How to reach a server: what `client.json` holds. */
export interface ClientFile {
  /** Base URL of the HTTP API. */
  readonly server: string;
  /** Bearer token. */
  readonly token: string;
  /** `host:port` of the gRPC port; written by an embedded server, as are the files below. */
  readonly grpc?: string;
  /** Cluster that the certificate below belongs to. */
  readonly cluster?: string;
  /** Paths of PEM files: what the server's certificate chains to, and the local cluster's own certificate. */
  readonly caFile?: string;
  readonly clusterCertFile?: string;
  readonly clusterKeyFile?: string;
}

/** Why a client file cannot be used. */
export class ClientFileError extends Error {
  constructor(
    readonly code: 'NO_CLIENT_FILE' | 'BAD_CLIENT_FILE',
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'ClientFileError';
  }
}

const OPTIONAL_FIELDS = ['grpc', 'cluster', 'caFile', 'clusterCertFile', 'clusterKeyFile'] as const;

/** Reads a client file's text. @throws ClientFileError `BAD_CLIENT_FILE` */
export function parseClientFile(text: string, path: string): ClientFile {
  const bad = (reason: string, cause?: unknown): ClientFileError =>
    new ClientFileError(
      'BAD_CLIENT_FILE',
      `client file ${path} ${reason}: give the client.json that 'kubehero up' wrote into its data folder`,
      { cause },
    );
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw bad('is not JSON', error);
  }
  if (typeof parsed !== 'object' || parsed === null) throw bad('is not a JSON object');
  const fields = parsed as Readonly<Record<string, unknown>>;
  const { server, token } = fields;
  if (typeof server !== 'string' || !URL.canParse(server)) throw bad("has no URL under 'server'");
  if (typeof token !== 'string' || token === '') throw bad("has no text under 'token'");
  const optional = OPTIONAL_FIELDS.flatMap((name) => {
    const value = fields[name];
    if (value === undefined) return [];
    if (typeof value !== 'string') throw bad(`has no text under '${name}'`);
    return [[name, value]];
  });
  return { server, token, ...(Object.fromEntries(optional) as Partial<ClientFile>) };
}

/** Reads a client file. @throws ClientFileError `NO_CLIENT_FILE` or `BAD_CLIENT_FILE` */
export async function readClientFile(path: string): Promise<ClientFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const message = `client file ${path} cannot be read: start 'kubehero up', or give the right path with --client`;
    throw new ClientFileError('NO_CLIENT_FILE', message, { cause: error });
  }
  return parseClientFile(text, path);
}
