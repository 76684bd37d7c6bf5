import type { Command } from 'commander';
import type { RunCommand } from '../command.js';
import { guarded } from './flags.js';

/** `kubehero pricing serve`. */
export function registerServe(pricing: Command, run: RunCommand): void {
  pricing
    .command('serve')
    .description('serve health and the age of prices, and hold the pod open for imports')
    .option('--http <host:port>', 'address of health and metrics')
    .action((flags: Record<string, unknown>) => {
      run(async (signal) => {
        const { pricingServeSettings, PricingError, servePricing } = await import('@kubehero/pricing');
        const { createLogger, readSettings } = await import('@kubehero/runtime');
        const settings = readSettings(pricingServeSettings, { flags, env: process.env });
        const format = process.stderr.isTTY ? 'human' : 'json';
        const logger = createLogger({ level: settings.logLevel, format });
        return guarded(PricingError, process, async () => {
          await servePricing(settings, {
            logger,
            signal,
            // One line for whoever started it as a part of something larger
            onReady: (url) => process.stdout.write(`${JSON.stringify({ event: 'ready', url })}\n`),
          });
          return 0;
        });
      });
    });
}
