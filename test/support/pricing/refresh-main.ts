import { applyRefresh, parseSource, refreshFolder, withPostgresCatalogue } from '@kubehero/pricing';
import { connectPostgres } from '@kubehero/store-postgres';
import { createReadStream } from 'node:fs';

// Refreshes a folder or a database from a file and says when it begins: for tests that kill it.
const [file = '', catalogue = '', asOf = ''] = process.argv.slice(2);
const asOfMs = Date.parse(asOf);
process.stdout.write('ready\n');
if (catalogue.startsWith('postgres')) await refreshDatabase();
else {
  await refreshFolder({
    source: 'aws-offer',
    files: [file],
    asOfMs,
    nowMs: asOfMs,
    catalogue,
    accept: [],
    replace: true,
  });
}
process.stdout.write('done\n');

async function refreshDatabase(): Promise<void> {
  const db = connectPostgres({ url: catalogue, onIdleError: () => undefined });
  const parsed = await parseSource('aws-offer', [{ name: file, open: () => createReadStream(file) }], {});
  await withPostgresCatalogue(db, (store) =>
    applyRefresh(store, parsed, {
      source: 'aws-offer',
      asOfMs,
      nowMs: asOfMs,
      mode: 'replace',
      accept: [],
    }),
  );
  await db.destroy();
}
