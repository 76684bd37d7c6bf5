import type { PriceQuestion, PriceSearch } from '../../features/prices/model/price-messages.js';

const MAX_CHARACTERS = 100;
const MAX_NAME_CHARACTERS = 253;

/** The parameters of a search for prices; undefined where they make no sense. */
export function tryParsePriceSearch(query: URLSearchParams): PriceSearch | undefined {
  const text = query.get('q') ?? '';
  const provider = query.get('provider') ?? '';
  return text.length <= MAX_CHARACTERS && provider.length <= MAX_CHARACTERS ? { text, provider } : undefined;
}

/** A node or a machine whose price is to be explained; undefined where it is neither. */
export function tryParsePriceQuestion(query: URLSearchParams): PriceQuestion | undefined {
  const read = (name: string): string => query.get(name) ?? '';
  const question = {
    cluster: read('cluster'),
    node: read('node'),
    provider: read('provider'),
    region: read('region'),
    zone: read('zone'),
    instanceType: read('type'),
    os: read('os'),
    purchaseModel: read('model'),
  };
  const isShort = Object.values(question).every((text) => text.length <= MAX_NAME_CHARACTERS);
  return isShort && (question.node !== '' || question.instanceType !== '') ? question : undefined;
}
