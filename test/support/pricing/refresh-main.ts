import { refreshFolder } from '@kubehero/pricing';

// Refreshes a folder from a file and says when it begins: for tests that kill it.
const [file = '', catalogue = '', asOf = ''] = process.argv.slice(2);
process.stdout.write('ready\n');
await refreshFolder({
  source: 'aws-offer',
  files: [file],
  asOfMs: Date.parse(asOf),
  nowMs: Date.parse(asOf),
  catalogue,
  accept: [],
  replace: true,
});
process.stdout.write('done\n');
