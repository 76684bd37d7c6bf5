import { fuzz, Random, SEEDS } from './fuzz.js';

// node dist/js/test/support/pricing/fuzz-main.js [inputs per document] [seed] [part of a document's name]
const [inputs = '1000000', seed = '1', only = ''] = process.argv.slice(2);
for (const document of SEEDS) {
  if (!`${document[0]} ${document[1]}`.includes(only)) continue;
  const startedAt = performance.now();
  const result = await fuzz(document, Number(inputs), new Random(Number(seed)));
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const peakRssMib = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(`${JSON.stringify({ ...result, seconds, peakRssMib })}\n`);
}
