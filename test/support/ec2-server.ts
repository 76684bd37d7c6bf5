import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A spot price as the API lists it. */
export interface Ec2SpotPrice {
  readonly zone: string;
  readonly instanceType: string;
  readonly product: string;
  readonly price: string;
  readonly timestamp: string;
}

/** What the server knows, and how it behaves. */
export interface Ec2World {
  prices: readonly Ec2SpotPrice[];
  /** Access key that may ask; any other is refused. */
  readonly accessKey: string;
  pageSize: number;
  /** How many requests are throttled before one is answered. */
  throttled: number;
  /** Every page leads back to the first. */
  endless: boolean;
}

const NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';

function errorXml(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>${code}</Code><Message>constructed</Message></Error></Errors><RequestID>r</RequestID></Response>`;
}

function itemXml(price: Ec2SpotPrice): string {
  return `<item><instanceType>${price.instanceType}</instanceType><productDescription>${price.product}</productDescription><spotPrice>${price.price}</spotPrice><timestamp>${price.timestamp}</timestamp><availabilityZone>${price.zone}</availabilityZone></item>`;
}

/** A local server that speaks EC2's query protocol for DescribeSpotPriceHistory: form in, XML out, signed requests. */
export class Ec2Server {
  readonly requests: URLSearchParams[] = [];
  readonly #server: Server;

  constructor(readonly world: Ec2World) {
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(request));
    this.requests.push(form);
    const [status, body] = this.#page(form, request.headers.authorization ?? '');
    response.writeHead(status, { 'content-type': 'text/xml;charset=UTF-8' }).end(body);
  }

  #page(form: URLSearchParams, authorization: string): readonly [number, string] {
    const { world } = this;
    // Credential=<key>/<day>/<region>/ec2/aws4_request
    const [, key, region = ''] = /Credential=([^/]+)\/\d+\/([^/]+)\/ec2\//.exec(authorization) ?? [];
    if (key !== world.accessKey) return [401, errorXml('AuthFailure')];
    if (form.get('Action') !== 'DescribeSpotPriceHistory') return [400, errorXml('InvalidAction')];
    if (world.throttled > 0) {
      world.throttled -= 1;
      return [503, errorXml('RequestLimitExceeded')];
    }
    return [200, this.#pricesXml(form, region)];
  }

  #pricesXml(form: URLSearchParams, region: string): string {
    const products = [...form]
      .filter(([name]) => name.startsWith('ProductDescription.'))
      .map(([, value]) => value);
    const wanted = this.world.prices.filter(
      ({ zone, product }) => zone.startsWith(region) && products.includes(product),
    );
    const at = Number(form.get('NextToken') ?? '0');
    const more = at + this.world.pageSize < wanted.length;
    const next = this.world.endless ? '0' : more ? String(at + this.world.pageSize) : '';
    const items = wanted.slice(at, at + this.world.pageSize).map(itemXml);
    return `<?xml version="1.0" encoding="UTF-8"?><DescribeSpotPriceHistoryResponse xmlns="${NAMESPACE}"><requestId>r</requestId><spotPriceHistorySet>${items.join('')}</spotPriceHistorySet><nextToken>${next}</nextToken></DescribeSpotPriceHistoryResponse>`;
  }
}
