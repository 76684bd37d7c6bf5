import {
  asOnlyPriceWriter,
  connectPostgres,
  migratePostgres,
  sql,
  startEmbeddedPostgres,
  type Database,
  type Kysely,
} from '@kubehero/store-postgres';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../support/free-port.js';
import { M5_LARGE, offer, type OfferProduct } from '../support/pricing/samples.js';
import { waitUntil } from '../support/wait-until.js';

/** What a proof found. */
export interface RefreshCrashProof {
  /** Refreshes that were begun and meant to be killed. */
  readonly kills: number;
  /** How many of them died before they ended by themselves. */
  readonly died: number;
  /** How often the version before was found whole afterwards, and how often the new one. */
  readonly before: number;
  readonly after: number;
  /** What was wrong; empty when nothing was. */
  readonly faults: readonly string[];
}

const TYPES = 500;
const MAIN = fileURLToPath(new URL('../support/pricing/refresh-main.js', import.meta.url));

/** Every price of an edition is the edition's, so a mixture of two editions shows. */
function edition(number: number): string {
  const products: OfferProduct[] = Array.from({ length: TYPES }, (_, index) => ({
    sku: `SKU${String(index)}`,
    attributes: {
      ...M5_LARGE,
      instanceType: `m${String(index)}.large`,
      usagetype: `EU-BoxUsage:m${String(index)}.large`,
    },
    price: priceOf(number),
  }));
  const publicationDate = new Date(Date.parse('2026-11-01T00:00:00Z') + number * 60_000).toISOString();
  return JSON.stringify(offer(products, { publicationDate }));
}

/** It ends in a digit above zero: what is stored has no zeros at its end. */
function priceOf(number: number): string {
  return `1.${String(number).padStart(5, '0')}7`;
}

/** Numbers from 0 to 1 that a seed fixes: a multiplicative congruential generator (Lewis, Goodman and Miller). */
function seeded(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

class Proof {
  #died = 0;
  #before = 0;
  #after = 0;
  readonly #faults: string[] = [];

  constructor(
    private readonly folder: string,
    private readonly url: string,
    private readonly db: Kysely<Database>,
  ) {}

  async run(kills: number, seed: number, say: (line: string) => void): Promise<RefreshCrashProof> {
    await this.#refresh(0); // caches are cold
    let { ms: spanMs } = await this.#refresh(1);
    const random = seeded(seed);
    let known = 1;
    for (let number = 2; number < kills + 2; number += 1) {
      const { killed } = await this.#refresh(number, random() * spanMs);
      if (killed) this.#died += 1;
      // The machine's speed changes meanwhile: the moments are kept within a refresh, its very end included
      spanMs *= killed ? 1.06 : 0.8;
      known = await this.#check(known, number);
      if (number % 10 === 1) say(`${String(number - 1)} kills, ${String(this.#faults.length)} faults`);
    }
    await this.#refresh(kills + 2);
    await this.#check(kills + 2, kills + 2);
    const { rows } = await sql`
      select 1 from price_version v where not exists (select 1 from price_part_state s where s.version = v.version)`.execute(
      this.db,
    );
    if (rows.length > 0) this.#faults.push(`${String(rows.length)} versions without a part`);
    const [died, before, after] = [this.#died, this.#before, this.#after];
    return { kills, died, before, after, faults: this.#faults };
  }

  /** Runs a refresh; kills it so long after it began. @returns whether it was killed, and how long it took */
  async #refresh(
    number: number,
    killAfterMs?: number,
  ): Promise<{ readonly killed: boolean; readonly ms: number }> {
    const file = join(this.folder, 'next.json');
    await writeFile(file, edition(number));
    const asOf = new Date(Date.parse('2026-11-10T00:00:00Z') + number * 60_000).toISOString();
    const child = spawn(process.execPath, [MAIN, file, this.url, asOf], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    const startedAt = performance.now();
    if (killAfterMs !== undefined) {
      await sleep(killAfterMs);
      child.kill('SIGKILL');
    }
    const [code] = (await exited) as [number | null];
    return { killed: code === null, ms: performance.now() - startedAt };
  }

  /** All prices in force must be of one edition, the one before or the new one, and nobody may hold the lock. */
  async #check(before: number, after: number): Promise<number> {
    // The server ends the session of a dead client as soon as it notices
    await waitUntil('the lock is free', async () => {
      return (await asOnlyPriceWriter(this.db, () => Promise.resolve(true)))?.value === true;
    });
    const { rows } = await sql<{ price: string; count: string }>`
      select price::text, count(*) as count from price_row where to_version is null group by 1`.execute(
      this.db,
    );
    const found = rows.map(({ price, count }) => `${count} × ${price}`).join(', ');
    for (const number of [before, after]) {
      if (found !== `${String(TYPES)} × ${priceOf(number)}`) continue;
      if (number === before) this.#before += 1;
      else this.#after += 1;
      return number;
    }
    this.#faults.push(`after edition ${String(after)} on top of ${String(before)}: ${found}`);
    return before;
  }
}

/** Kills refreshes into PostgreSQL (`kill -9`) at moments that the seed fixes, and looks at what is in force. */
export async function proveRefreshCrashSafety(
  options: { readonly kills: number; readonly seed: number },
  say: (line: string) => void,
): Promise<RefreshCrashProof> {
  const folder = await mkdtemp(join(tmpdir(), 'kubehero-killed-pg-'));
  const directory = join(folder, 'pg');
  const server = await startEmbeddedPostgres({ directory, port: await findFreePort(), log: () => undefined });
  const db = connectPostgres({ url: server.url, onIdleError: () => undefined });
  try {
    await migratePostgres(db);
    return await new Proof(folder, server.url, db).run(options.kills, options.seed, say);
  } finally {
    await db.destroy();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
