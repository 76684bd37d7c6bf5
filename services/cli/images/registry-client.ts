import { createHash } from 'node:crypto';
import { ImagesError } from './errors.js';
import type { ImageReference } from './reference.js';

/** A manifest as a registry gave it, its digest worked out from its bytes. */
export interface FetchedManifest {
  readonly digest: string;
  /** Digest by platform where it is an index. */
  readonly platforms: Readonly<Record<string, string>> | undefined;
}

/** How registries are asked. */
export interface RegistryClientOptions {
  /** Basic credentials by host of the registry, base64 of `user:password`. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Hosts that are asked over plain HTTP. */
  readonly plainHttp: readonly string[];
  /** Deadline of one request, ms. */
  readonly timeoutMs: number;
}

const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** Manifests are small; what is larger is none. The limit is the one of the OCI distribution specification. */
const maxManifestBytes = 4 * 2 ** 20;

/** Reads manifests by the OCI distribution API, with the token exchange that public registries ask for. */
export class RegistryClient {
  readonly #tokens = new Map<string, string>();

  constructor(private readonly options: RegistryClientOptions) {}

  /**
   * The manifest that a tag names.
   * @throws ImagesError with the reference and the way out, for whatever the registry answers but a manifest
   */
  async fetchManifest(reference: ImageReference, signal: AbortSignal): Promise<FetchedManifest> {
    const name = `${reference.registry}/${reference.path}:${reference.tag}`;
    const url = `${this.#scheme(reference.registry)}://${host(reference.registry)}/v2/${reference.path}/manifests/${reference.tag}`;
    let answer = await this.#get(url, { authorization: this.#authorization(reference), name, signal });
    if (answer.status === 401) {
      const challenge = answer.headers.get('www-authenticate') ?? '';
      await answer.body?.cancel();
      await this.#obtainToken(reference, { challenge, name, signal });
      answer = await this.#get(url, { authorization: this.#authorization(reference), name, signal });
    }
    if (!answer.ok) {
      await answer.body?.cancel();
      throw refusal(answer.status, name);
    }
    return read(answer, await bytesOf(answer, name), name);
  }

  #scheme(registry: string): string {
    return this.options.plainHttp.includes(registry) ? 'http' : 'https';
  }

  #authorization(reference: ImageReference): string | undefined {
    const token = this.#tokens.get(`${reference.registry}/${reference.path}`);
    if (token !== undefined) return `Bearer ${token}`;
    const basic = this.options.credentials[reference.registry];
    return basic === undefined ? undefined : `Basic ${basic}`;
  }

  async #get(
    url: string,
    call: { authorization?: string | undefined; name: string; signal: AbortSignal },
  ): Promise<Response> {
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(this.options.timeoutMs)]);
    try {
      return await fetch(url, {
        signal,
        headers: {
          accept: manifestTypes.join(', '),
          'user-agent': 'kubehero',
          ...(call.authorization === undefined ? {} : { authorization: call.authorization }),
        },
      });
    } catch (cause) {
      throw new ImagesError(
        'UNREACHABLE',
        `cannot ask the registry for ${call.name}: check the network, or give --mirror HOST/PATH`,
        { cause },
      );
    }
  }

  /** The token exchange of the distribution specification: the challenge says where and for what. */
  async #obtainToken(
    reference: ImageReference,
    call: { challenge: string; name: string; signal: AbortSignal },
  ): Promise<void> {
    const parameter = (key: string): string | undefined =>
      new RegExp(`\\b${key}="([^"]*)"`).exec(call.challenge)?.[1];
    const [realm, service] = [parameter('realm'), parameter('service')];
    if (!/^bearer /i.test(call.challenge) || realm === undefined) throw refusal(401, call.name);
    const url = new URL(realm);
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', `repository:${reference.path}:pull`);
    const basic = this.options.credentials[reference.registry];
    const answer = await this.#get(url.href, {
      authorization: basic === undefined ? undefined : `Basic ${basic}`,
      name: call.name,
      signal: call.signal,
    });
    const body = answer.ok ? ((await answer.json()) as { token?: unknown; access_token?: unknown }) : {};
    const token = body.token ?? body.access_token;
    if (typeof token !== 'string') throw refusal(answer.ok ? 401 : answer.status, call.name);
    this.#tokens.set(`${reference.registry}/${reference.path}`, token);
  }
}

/** Docker Hub answers the distribution API under another name. */
function host(registry: string): string {
  return registry === 'docker.io' ? 'registry-1.docker.io' : registry;
}

function refusal(status: number, name: string): ImagesError {
  if (status === 404)
    return new ImagesError('NOT_FOUND', `the registry has no ${name}: check the tag, or mirror it first`);
  if (status === 401 || status === 403) {
    return new ImagesError(
      'DENIED',
      `the registry does not give out ${name} (${status}): give --credentials with a docker config.json`,
    );
  }
  return new ImagesError('BAD_ANSWER', `the registry answered ${status} for ${name}: try again later`);
}

async function bytesOf(answer: Response, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += (chunk as Uint8Array).length;
    if (size > maxManifestBytes)
      throw new ImagesError(
        'BAD_ANSWER',
        `the answer for ${name} is larger than ${maxManifestBytes} bytes and no manifest`,
      );
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

function read(answer: Response, content: Buffer, name: string): FetchedManifest {
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const said = answer.headers.get('docker-content-digest');
  if (said !== null && said !== digest) {
    throw new ImagesError(
      'DIGEST_MISMATCH',
      `the registry says ${said} for ${name}, its bytes are ${digest}: do not use this registry`,
    );
  }
  let manifest: { schemaVersion?: unknown; manifests?: readonly IndexEntry[] };
  try {
    manifest = JSON.parse(content.toString('utf8')) as typeof manifest;
  } catch (cause) {
    throw new ImagesError('BAD_ANSWER', `the answer for ${name} is no manifest: is this a registry`, {
      cause,
    });
  }
  if (manifest.schemaVersion !== 2)
    throw new ImagesError('BAD_ANSWER', `the answer for ${name} is no manifest of version 2`);
  return {
    digest,
    platforms: Array.isArray(manifest.manifests) ? platformsOf(manifest.manifests) : undefined,
  };
}

interface IndexEntry {
  readonly digest?: unknown;
  readonly platform?: { readonly os?: string; readonly architecture?: string; readonly variant?: string };
}

/** Attestations stand in an index too, under the platform `unknown`. */
function platformsOf(entries: readonly IndexEntry[]): Record<string, string> {
  const found = entries.flatMap(({ digest, platform }): [string, string][] => {
    if (typeof digest !== 'string' || !platform?.os || platform.os === 'unknown') return [];
    return [[[platform.os, platform.architecture, platform.variant].filter(Boolean).join('/'), digest]];
  });
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}
