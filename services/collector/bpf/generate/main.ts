import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SensorName } from './render-index.js';
import { renderIndex, sensors } from './render-index.js';

/** Writes `<sensor>.gen.ts` beside every `<sensor>.bpf.o` of the folder named by the first argument. */
function main(folder: string): void {
  for (const sensor of Object.keys(sensors) as SensorName[]) {
    const object = readFileSync(join(folder, `${sensor}.bpf.o`));
    writeFileSync(join(folder, `${sensor}.gen.ts`), renderIndex(sensor, object));
    process.stdout.write(`${sensor}.gen.ts: ${object.length} bytes of object\n`);
  }
}

main(process.argv[2] ?? 'bpf/gen');
