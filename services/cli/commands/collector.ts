import { collectorSettings, runCollector } from '@kubehero/collector';
import { createLogger, declareFlags, readSettings } from '@kubehero/runtime';
import type { RegisterCommand } from './command.js';

/** `kubehero collector`: measures this node and reports to the hub. */
export const registerCollector: RegisterCommand = (program, run) => {
  const command = program
    .command('collector')
    .description('measure what the pods of this node use each second and report it to the hub')
    .action((flags: Record<string, unknown>) => {
      run(async (signal) => {
        const settings = readSettings(collectorSettings, { flags, env: process.env });
        const logger = createLogger({
          level: settings.logLevel,
          format: process.stderr.isTTY ? 'human' : 'json',
        });
        await runCollector(settings, logger, signal);
        return 0;
      });
    });
  declareFlags(command, collectorSettings);
};
