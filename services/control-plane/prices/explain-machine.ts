import { lookupMachine, type PricedOs, type Provider, type PurchaseModel } from '@kubehero/domain';
import { RpcError, type pricing } from '@kubehero/rpc';
import type { PriceBook } from './price-book.js';

const PROVIDERS: readonly Provider[] = ['aws', 'azure', 'gcp', 'custom'];
const SYSTEMS: readonly PricedOs[] = ['linux', 'windows', 'rhel', 'suse'];
const MODELS: readonly PurchaseModel[] = ['on-demand', 'spot'];
const MAX_NAME_CHARACTERS = 200;

/** The price of a machine of some type and the way to it. @throws RpcError invalid_argument */
export async function explainMachine(
  book: PriceBook,
  request: pricing.ExplainPriceRequest,
): Promise<pricing.ExplainedPriceInput> {
  const { region, zone, instanceType } = request;
  const query = {
    provider: choose('provider', request.provider, PROVIDERS),
    os: choose('os', request.os || 'linux', SYSTEMS),
    purchaseModel: choose('purchase_model', request.purchaseModel || 'on-demand', MODELS),
    region,
    instanceType,
    ...(zone === '' ? {} : { zone }),
  };
  if (instanceType === '' || region === '') {
    throw new RpcError(
      'invalid_argument',
      'neither a node nor a machine: give node, or instance_type and region',
    );
  }
  if ([region, zone, instanceType].some(({ length }) => length > MAX_NAME_CHARACTERS)) {
    throw new RpcError('invalid_argument', 'a name is longer than 200 characters');
  }
  await book.refresh();
  const { provider } = query;
  const { catalogue, version } = await book.catalogueOf({ provider, region, zone, instanceType });
  const answer = lookupMachine(catalogue, query);
  return {
    price: answer.price ?? '',
    listPrice: answer.listPrice ?? '',
    currency: answer.currency,
    source: answer.source,
    sourceVersion: answer.sourceVersion,
    sku: answer.sku,
    catalogueVersion: version,
    explanation: [...answer.explanation],
  };
}

function choose<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === text);
  if (choice !== undefined) return choice;
  throw new RpcError('invalid_argument', `${name} is '${text}': give one of ${choices.join(', ')}`);
}
