import { lookupFile, openLookup, refreshFolder, type SourceName } from '@kubehero/pricing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One `pricing refresh --source … --from-file …` of a folder. */
export interface RefreshStep {
  readonly source: SourceName;
  /** Contents of the files: text as it is, anything else as JSON. */
  readonly files: readonly unknown[];
  readonly region?: string;
  readonly asOf?: string;
  /** The files say all that there is. */
  readonly replace?: boolean;
}

/** What a lookup answers, as far as tests look at it. */
export interface ContractAnswer {
  readonly price: string | null;
  readonly unit: string;
  readonly currency: string;
  readonly source: string;
  readonly sku: string;
  readonly os: string;
  readonly explanation: readonly string[];
}

const AS_OF = '2026-11-22T00:00:00Z';

/** Refreshes a new folder step by step and answers queries from it, as the two commands do without a database. */
export async function answersOf(
  steps: readonly RefreshStep[],
  queries: readonly object[],
): Promise<readonly ContractAnswer[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kubehero-contract-'));
  try {
    const catalogue = join(folder, 'catalogue');
    for (const step of steps) {
      const files: string[] = [];
      for (const [index, content] of step.files.entries()) {
        const text = typeof content === 'string' ? content : JSON.stringify(content);
        const file = join(
          folder,
          `${step.source}-${String(index)}.${step.source === 'custom' ? 'yaml' : 'json'}`,
        );
        await writeFile(file, text);
        files.push(file);
      }
      const at = Date.parse(step.asOf ?? AS_OF);
      const { source, region } = step;
      await refreshFolder({
        source,
        files,
        region,
        asOfMs: at,
        nowMs: at,
        catalogue,
        accept: [],
        replace: step.replace ?? false,
      });
    }
    const asked = join(folder, 'queries.ndjson');
    await writeFile(asked, queries.map((query) => `${JSON.stringify(query)}\n`).join(''));
    const answers: ContractAnswer[] = [];
    await lookupFile(await openLookup({ catalogue, builtIn: false }), asked, (line) => {
      answers.push(JSON.parse(line) as ContractAnswer);
    });
    return answers;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The prices of {@link answersOf}, and what was asked beside each, so that a difference names its question. */
export async function pricesOf(
  steps: readonly RefreshStep[],
  expected: readonly (readonly [object, string | null])[],
): Promise<{ readonly found: readonly unknown[]; readonly expected: readonly unknown[] }> {
  const answers = await answersOf(
    steps,
    expected.map(([query]) => query),
  );
  return {
    found: answers.map(({ price }, index) => [expected[index]?.[0], price]),
    expected: expected.map(([query, price]) => [query, price]),
  };
}
