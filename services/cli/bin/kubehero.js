#!/usr/bin/env node
// The launcher stays plain JavaScript: npm links it on install, before anything is compiled.
import { existsSync } from 'node:fs';

const main = new URL('../../../dist/js/services/cli/main.js', import.meta.url);
if (!existsSync(main)) {
  process.stderr.write("kubehero: not built yet: run 'npm run build' in the repository first\n");
  process.exit(1);
}
await import(main.href);
