import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProtoDirectory } from './proto-directory.js';
import { generateTypes } from './generate-types.js';
import { Protocol } from './protocol.js';

// Run by `npm run generate:rpc`, after the package was compiled.
const protoDirectory = findProtoDirectory();
const target = join(protoDirectory, '..', 'gen');
mkdirSync(target, { recursive: true });
for (const file of generateTypes(new Protocol(protoDirectory).root)) {
  writeFileSync(join(target, file.name), file.text);
}
