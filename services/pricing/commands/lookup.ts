import {
  builtInRows,
  lookupMachine,
  lookupResource,
  resolveNodePrice,
  type PriceAnswer,
} from '@kubehero/domain';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { PricingError } from '../errors.js';
import { FolderLookup } from '../folder/folder-lookup.js';
import { FolderStore } from '../folder/folder-store.js';
import { parseLookupLine, type LookupQuestion } from '../lookup-query.js';

/** Where lookups are answered from. */
export interface LookupSource {
  readonly catalogue: string;
  /** Also use the list that ships with the product where the folder knows nothing. */
  readonly builtIn: boolean;
}

/** Opens a folder for lookups. @throws PricingError CATALOGUE */
export function openLookup(source: LookupSource): Promise<FolderLookup> {
  return FolderLookup.open(new FolderStore(source.catalogue), source.builtIn ? [...builtInRows()] : []);
}

/** Answers one question. */
export async function answer(lookup: FolderLookup, question: LookupQuestion): Promise<PriceAnswer> {
  const { atMs } = question;
  const catalogue = await lookup.at(atMs);
  switch (question.kind) {
    case 'machine':
      return lookupMachine(catalogue, question.query, { atMs });
    case 'node':
      return resolveNodePrice(question.facts, catalogue, { atMs });
    case 'resource':
      return lookupResource(catalogue, question.query, { atMs });
  }
}

function unanswerable(reason: string): PriceAnswer {
  const nothing = {
    provider: '',
    region: '',
    zone: '',
    instanceType: '',
    os: '',
    purchaseModel: '',
    currency: '',
    unit: '',
  };
  return {
    ...nothing,
    price: null,
    listPrice: null,
    source: '',
    sourceVersion: '',
    sku: '',
    explanation: [reason, 'unpriced'],
  };
}

async function answerLine(
  lookup: FolderLookup,
  text: string,
  line: string,
): Promise<{ readonly answer: PriceAnswer; readonly wrong: boolean }> {
  try {
    return { answer: await answer(lookup, parseLookupLine(text, line)), wrong: false };
  } catch (error) {
    if (!(error instanceof PricingError) || error.code === 'CATALOGUE') throw error;
    return { answer: unanswerable(error.message), wrong: true };
  }
}

/**
 * Answers a file of queries, one JSON line for each line, in order. A line that is no query is answered as unpriced
 * with the reason; the others are answered all the same.
 * @returns the number of lines that were no query
 * @throws PricingError CATALOGUE, NOT_READABLE
 */
export async function lookupFile(
  source: LookupSource,
  queries: string,
  write: (line: string) => void,
): Promise<number> {
  const lookup = await openLookup(source);
  const input = createReadStream(queries);
  const lines = createInterface({ input, crlfDelay: Infinity });
  let number = 0;
  let wrong = 0;
  try {
    for await (const text of lines) {
      number += 1;
      if (text.trim() === '') continue;
      const line = `${queries} line ${String(number)}`;
      const answered = await answerLine(lookup, text, line);
      if (answered.wrong) wrong += 1;
      write(JSON.stringify(answered.answer));
    }
  } catch (cause) {
    if (cause instanceof PricingError) throw cause;
    throw new PricingError(
      'NOT_READABLE',
      `cannot read ${queries}: check that the file is there and readable`,
      { cause },
    );
  }
  return wrong;
}
