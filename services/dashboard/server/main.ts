import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DashboardConfigError, processEnvironment, readConfig } from './config.js';
import { DashboardServer } from './dashboard-server.js';

const EXIT_USAGE = 2;

/**
 * Runs the dashboard. Settings come from the environment (see config.ts). When it listens, it writes one line of
 * JSON to stdout: `{"event":"ready","url":"http://127.0.0.1:9480"}`. SIGTERM and SIGINT end it with 0.
 */
async function main(): Promise<void> {
  const config = readConfig(processEnvironment());
  const server = new DashboardServer({
    config,
    folder: dashboardFolder(),
    log: (text) => console.error(text),
  });
  const stop = (): void => void server.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const url = await server.start();
  console.log(JSON.stringify({ event: 'ready', url }));
}

/** This file is compiled to `dist/js/services/dashboard/server`, five folders below the repository. */
function dashboardFolder(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  return path.join(here, '../../../../..', 'services/dashboard');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(error instanceof DashboardConfigError ? EXIT_USAGE : 1);
});
