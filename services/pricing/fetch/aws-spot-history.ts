import type {
  DescribeSpotPriceHistoryCommandInput,
  DescribeSpotPriceHistoryCommandOutput,
  EC2ClientConfig,
} from '@aws-sdk/client-ec2';
import { DeadlineError, withDeadline } from '@kubehero/runtime';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { PricingError } from '../errors.js';
import type { HttpContext } from './http.js';

/** Whom spot prices are asked for, and where. */
export interface SpotHistoryAccess {
  /** File in the form of `~/.aws/credentials`; @default - the SDK's own chain: environment, web identity, container, instance */
  readonly credentialsFile?: string | undefined;
  /** Origin of the EC2 API, for interface endpoints; @default - the region's public one */
  readonly endpoint?: string | undefined;
}

const MAX_PAGES = 500;
const PAGE_SIZE = 1000;
const ATTEMPTS = 5;
const PRODUCTS = [
  'Linux/UNIX',
  'Linux/UNIX (Amazon VPC)',
  'Windows',
  'Windows (Amazon VPC)',
  'Red Hat Enterprise Linux',
  'Red Hat Enterprise Linux (Amazon VPC)',
  'SUSE Linux',
  'SUSE Linux (Amazon VPC)',
];

type Send = (input: DescribeSpotPriceHistoryCommandInput) => Promise<DescribeSpotPriceHistoryCommandOutput>;

/** The EC2 API of one region, as far as spot prices need it. The caller closes it. */
export interface SpotClient {
  /** False where no credentials can be found. */
  readonly hasCredentials: () => Promise<boolean>;
  readonly send: Send;
  readonly close: () => void;
}

/** What the SDK hands to its transport, as far as it is read. */
interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The SDK's requests go through the same proxy and CA bundle as all others. */
function transport(context: HttpContext): NonNullable<EC2ClientConfig['requestHandler']> {
  const handle = async (
    request: SdkRequest,
  ): Promise<{ response: { statusCode: number; headers: Record<string, string>; body: Readable } }> => {
    const port = request.port === undefined ? '' : `:${String(request.port)}`;
    const url = `${request.protocol}//${request.hostname}${port}${request.path}`;
    const { host: _host, 'content-length': _length, ...headers } = request.headers;
    const init = {
      method: request.method,
      headers,
      body: typeof request.body === 'string' ? request.body : '',
    };
    const limits = { timeoutMs: context.timeoutMs ?? 30_000, signal: context.signal };
    const [answer, content] = await withDeadline('the answer', limits, async (signal) => {
      const response = await context.fetch(url, { ...init, signal });
      return [response, Buffer.from(await response.arrayBuffer())] as const;
    }).catch(asSdkError);
    const body = Readable.from([content]);
    return { response: { statusCode: answer.status, headers: Object.fromEntries(answer.headers), body } };
  };
  return { handle } as unknown as NonNullable<EC2ClientConfig['requestHandler']>;
}

/** The SDK tries again what has this name. */
function asSdkError(cause: unknown): never {
  throw cause instanceof DeadlineError ? new DOMException(cause.message, 'TimeoutError') : cause;
}

/** Loads the SDK and opens a client; nothing is asked yet. */
export async function openSpotClient(
  region: string,
  access: SpotHistoryAccess,
  context: HttpContext,
): Promise<SpotClient> {
  const { DescribeSpotPriceHistoryCommand, EC2Client } = await import('@aws-sdk/client-ec2');
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  const { credentialsFile, endpoint } = access;
  const client = new EC2Client({
    region,
    maxAttempts: ATTEMPTS,
    requestHandler: transport(context),
    ...(credentialsFile === undefined ? {} : { credentials: fromIni({ filepath: credentialsFile }) }),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  return {
    hasCredentials: () =>
      client.config.credentials().then(
        () => true,
        () => false,
      ),
    send: (input) => client.send(new DescribeSpotPriceHistoryCommand(input), { abortSignal: context.signal }),
    close: () => {
      client.destroy();
    },
  };
}

/** A failure of the API or the SDK as one sentence; an abort stays what it is. */
function asPricingError(cause: unknown, region: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (cause instanceof PricingError) return cause;
  const name = cause instanceof Error ? cause.name : 'an error';
  return new PricingError(
    'FETCH',
    `aws-spot-history ${region}: EC2 answered ${name}: the last good prices stay; check the credentials and their right ec2:DescribeSpotPriceHistory`,
    { cause },
  );
}

/**
 * The current spot prices of a region, page by page, each as the text of a `{SpotPriceHistory: [...]}`.
 * @throws PricingError FETCH
 */
export async function* spotHistoryPages(
  send: SpotClient['send'],
  request: { readonly region: string; readonly nowMs: number; readonly signal: AbortSignal },
): AsyncGenerator<string> {
  const { region, nowMs, signal } = request;
  try {
    yield* pages(send, region, nowMs);
  } catch (cause) {
    throw asPricingError(cause, region, signal);
  }
}

/** The current price of every machine, zone and product: history that begins now holds each price in force once. */
async function* pages(send: Send, region: string, nowMs: number): AsyncGenerator<string> {
  const seen = new Set<string>();
  const now = new Date(nowMs);
  let token: string | undefined;
  do {
    const answer = await send({
      StartTime: now,
      EndTime: now,
      ProductDescriptions: PRODUCTS,
      MaxResults: PAGE_SIZE,
      ...(token === undefined ? {} : { NextToken: token }),
    });
    yield JSON.stringify({ SpotPriceHistory: answer.SpotPriceHistory ?? [] });
    token = answer.NextToken === '' ? undefined : answer.NextToken;
    if (token !== undefined && (seen.has(token) || seen.size >= MAX_PAGES)) {
      const what = seen.has(token)
        ? 'leads back to an earlier page'
        : `has more than ${String(MAX_PAGES)} pages`;
      throw new PricingError(
        'FETCH',
        `aws-spot-history ${region}: the answer ${what}: the last good prices stay, try again later`,
      );
    }
    seen.add(token ?? '');
  } while (token !== undefined);
}

/**
 * Downloads the current spot prices of a region by `DescribeSpotPriceHistory`, which needs
 * `ec2:DescribeSpotPriceHistory` and nothing more.
 *
 * @returns paths of the pages; undefined where there are no credentials: then the public feed alone answers
 * @throws PricingError FETCH
 */
export async function downloadSpotHistory(
  request: { readonly region: string; readonly nowMs: number; readonly folder: string },
  access: SpotHistoryAccess,
  context: HttpContext,
): Promise<readonly string[] | undefined> {
  const { region, nowMs, folder } = request;
  const { signal } = context;
  const client = await openSpotClient(region, access, context);
  try {
    if (!(await client.hasCredentials())) {
      if (access.credentialsFile === undefined) return undefined;
      const message = `aws-spot-history: ${access.credentialsFile} holds no credentials that can be used: write a [default] profile`;
      throw new PricingError('FETCH', message);
    }
    const paths: string[] = [];
    for await (const page of spotHistoryPages(client.send, { region, nowMs, signal })) {
      const path = join(folder, `spot-${String(paths.length)}.json`);
      await writeFile(path, page);
      paths.push(path);
    }
    return paths;
  } catch (cause) {
    throw asPricingError(cause, region, signal);
  } finally {
    client.close();
  }
}
