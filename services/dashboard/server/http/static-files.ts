import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { acceptsEncoding } from './reply.js';

const brotliAsync = promisify(brotliCompress);
const gzipAsync = promisify(gzip);

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
};

const COMPRESSED = new Set(['.js', '.css', '.json', '.svg', '.txt']);
const PREFIX = '/_next/static/';

/** One file in the codings that a browser may ask for. */
interface Asset {
  readonly type: string;
  readonly identity: Buffer;
  readonly br?: Buffer;
  readonly gzip?: Buffer;
}

/**
 * The build's scripts, styles and fonts. Their names carry their hash, so they are kept for a year. Only files that
 * were listed at the start are served; each is read and compressed at its first request and then kept (a few MB).
 */
export class StaticFiles {
  private readonly assets = new Map<string, Promise<Asset>>();

  private constructor(private readonly files: ReadonlyMap<string, string>) {}

  /** Lists the files under the build's `static` folder. */
  static async open(buildFolder: string): Promise<StaticFiles> {
    const root = path.join(buildFolder, 'static');
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [PREFIX + path.relative(root, file).split(path.sep).join('/'), file] as const);
    return new StaticFiles(new Map(files));
  }

  /** Reads and compresses everything that browsers take compressed, one after the other, so that nobody waits for it. */
  async warm(): Promise<void> {
    for (const file of this.files.values()) if (COMPRESSED.has(path.extname(file))) await this.load(file);
  }

  /** Answers a request for a file; false where there is none of that name. */
  async serve(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<boolean> {
    const file = this.files.get(decodeURI(pathname));
    if (file === undefined) return false;
    send(request, response, await this.load(file));
    return true;
  }

  private load(file: string): Promise<Asset> {
    let asset = this.assets.get(file);
    if (asset === undefined) {
      asset = loadAsset(file);
      this.assets.set(file, asset);
    }
    return asset;
  }
}

function send(request: IncomingMessage, response: ServerResponse, asset: Asset): void {
  response.setHeader('Content-Type', asset.type);
  response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
  response.setHeader('Vary', 'Accept-Encoding');
  const coding = (['br', 'gzip'] as const).find((name) => asset[name] && acceptsEncoding(request, name));
  if (coding !== undefined) response.setHeader('Content-Encoding', coding);
  const body = (coding && asset[coding]) ?? asset.identity;
  response.setHeader('Content-Length', body.length);
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function loadAsset(file: string): Promise<Asset> {
  const identity = await readFile(file);
  const extension = path.extname(file);
  const type = TYPES[extension] ?? 'application/octet-stream';
  if (!COMPRESSED.has(extension)) return { type, identity };
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: identity.length };
  const [br, gz] = await Promise.all([brotliAsync(identity, { params }), gzipAsync(identity, { level: 9 })]);
  return { type, identity, br, gzip: gz };
}
