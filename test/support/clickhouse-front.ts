import { startClickHouseFront } from '@kubehero/store-clickhouse';
import { parseArgs } from 'node:util';

/** Serves the embedded ClickHouse to tests: `node clickhouse-front.js --directory D [--port P]`; prints its URL. */
const { values } = parseArgs({
  options: { directory: { type: 'string' }, port: { type: 'string', default: '0' } },
});
const front = await startClickHouseFront({ directory: values.directory ?? '', port: Number(values.port) });
process.on('SIGTERM', () => void front.stop().then(() => process.exit(0)));
process.stdout.write(`${front.url}\n`);
