import {
  builtInRows,
  commitmentsOf,
  lookupMachine,
  lookupResource,
  machineOfNode,
  resolveNodePrice,
  type Catalogue,
  type ListedCommitment,
  type MachineQuery,
  type PriceAnswer,
} from '@kubehero/domain';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { openPriceDatabase, type DatabaseSettings } from '../database/open-database.js';
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

/** Catalogues by the instant that is asked for; the newest when undefined. */
export interface Lookup {
  at(atMs: number | undefined): Promise<Catalogue>;
}

/** Opens a folder for lookups. @throws PricingError CATALOGUE */
export function openLookup(source: LookupSource): Promise<Lookup> {
  return FolderLookup.open(new FolderStore(source.catalogue), source.builtIn ? [...builtInRows()] : []);
}

/**
 * Opens the catalogue in PostgreSQL for lookups, with the list that ships with the product behind it: what the
 * control plane prices by. Catalogues are read whole, the few last instants are kept. The caller closes it.
 * @throws PricingError USAGE
 */
export async function openDatabaseLookup(
  settings: DatabaseSettings,
): Promise<Lookup & { readonly close: () => Promise<void> }> {
  const db = await openPriceDatabase(settings);
  const { loadPriceCatalogue } = await import('@kubehero/store-postgres');
  const views = new Map<number | undefined, Promise<Catalogue>>();
  return {
    at: (atMs) => {
      const view =
        views.get(atMs) ??
        loadPriceCatalogue(db, { ...(atMs === undefined ? {} : { atMs }), extra: builtInRows() });
      if (views.size >= MAX_VIEWS && !views.has(atMs)) views.clear();
      views.set(atMs, view);
      return view;
    },
    close: () => db.destroy(),
  };
}

const MAX_VIEWS = 4;

/** A price, and what its machine would cost under commitments; absent where none is listed for it. */
export interface LookupAnswer extends PriceAnswer {
  readonly commitments?: readonly ListedCommitment[];
}

function withCommitments(
  answered: PriceAnswer,
  machine: MachineQuery,
  catalogue: Catalogue,
  atMs: number | undefined,
): LookupAnswer {
  const commitments = commitmentsOf(catalogue, machine, atMs);
  return commitments.length === 0 ? answered : { ...answered, commitments };
}

/** Answers one question. */
export async function answer(lookup: Lookup, question: LookupQuestion): Promise<LookupAnswer> {
  const { atMs } = question;
  const catalogue = await lookup.at(atMs);
  switch (question.kind) {
    case 'machine': {
      const found = lookupMachine(catalogue, question.query, { atMs });
      return withCommitments(found, question.query, catalogue, atMs);
    }
    case 'node': {
      const found = resolveNodePrice(question.facts, catalogue, { atMs });
      return withCommitments(found, machineOfNode(question.facts), catalogue, atMs);
    }
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
  lookup: Lookup,
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
  lookup: Lookup,
  queries: string,
  write: (line: string) => void,
): Promise<number> {
  const input = createReadStream(queries);
  const lines = createInterface({ input, crlfDelay: Infinity });
  let number = 0;
  let wrong = 0;
  try {
    for await (const text of lines) {
      number += 1;
      const line = `${queries} line ${String(number)}`;
      const answered = await answerLine(lookup, text, line);
      // An empty line is answered like the others, so that answers stand beside their questions, and is no fault
      if (answered.wrong && text.trim() !== '') wrong += 1;
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
