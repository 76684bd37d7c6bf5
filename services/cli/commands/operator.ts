import { operatorSettings, runOperator, runUninstall } from '@kubehero/operator';
import { createLogger, declareFlags, readSettings } from '@kubehero/runtime';
import type { RegisterCommand } from './command.js';

/** `kubehero operator`: enforces budgets in one cluster and tells the hub what it holds. */
export const registerOperator: RegisterCommand = (program, run) => {
  const command = program
    .command('operator')
    .description('enforce budgets in this cluster and tell the hub what it holds')
    .option('--uninstall', 'put everything back that budgets hold and end; stop every other operator first')
    .action((flags: Record<string, unknown>) => {
      run(async (signal) => {
        const settings = readSettings(operatorSettings, { flags, env: process.env });
        const logger = createLogger({
          level: settings.logLevel,
          format: process.stderr.isTTY ? 'human' : 'json',
        });
        if (flags['uninstall'] === true) {
          const { released } = await runUninstall(settings, { logger, signal });
          process.stdout.write(`${JSON.stringify({ released })}\n`);
          return 0;
        }
        await runOperator(settings, {
          logger,
          signal,
          // One line for whoever started it as a part of something larger
          onReady: (url) => process.stdout.write(`${JSON.stringify({ event: 'ready', url })}\n`),
        });
        return 0;
      });
    });
  declareFlags(command, operatorSettings);
};
