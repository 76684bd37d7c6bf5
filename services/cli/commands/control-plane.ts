import { controlPlaneSettings, runControlPlane } from '@kubehero/control-plane';
import { createLogger, declareFlags, readSettings } from '@kubehero/runtime';
import type { RegisterCommand } from './command.js';

/** `kubehero control-plane`: one replica against PostgreSQL and ClickHouse servers. */
export const registerControlPlane: RegisterCommand = (program, run) => {
  const command = program
    .command('control-plane')
    .description('run one replica of the control plane against PostgreSQL and ClickHouse servers')
    .action((flags: Record<string, unknown>) => {
      run(async (signal) => {
        const settings = readSettings(controlPlaneSettings, { flags, env: process.env });
        const logger = createLogger({
          level: settings.logLevel,
          format: process.stderr.isTTY ? 'human' : 'json',
        });
        await runControlPlane(settings, logger, signal);
        return 0;
      });
    });
  declareFlags(command, controlPlaneSettings);
};
