import { createLogger, declareFlags, readSettings, waitForAbort } from '@kubehero/runtime';
import { upSettings } from '../up/settings.js';
import { Up, type UpAddresses } from '../up/up.js';
import type { RegisterCommand } from './command.js';

/** `kubehero up`: the whole product on one machine. */
export const registerUp: RegisterCommand = (program, run) => {
  const settings = upSettings(process.env);
  const command = program
    .command('up')
    .description('run the whole product on this machine: stores, control plane, collector and dashboard')
    .action((flags: Record<string, unknown>) => {
      run((signal) => up(flags, signal));
    });
  declareFlags(command, settings);
};

async function up(flags: Record<string, unknown>, signal: AbortSignal): Promise<number> {
  const settings = readSettings(upSettings(process.env), { flags, env: process.env });
  const logger = createLogger({ level: settings.logLevel, format: process.stderr.isTTY ? 'human' : 'json' });
  const product = new Up(settings, logger);
  try {
    const addresses = await product.start(signal);
    process.stdout.write(describe(addresses));
    await waitForAbort(signal);
    return 0;
  } finally {
    await product.stop();
  }
}

function describe({ http, grpc, loginUrl, clientFile, notices }: UpAddresses): string {
  const lines = [
    'KubeHero is up.',
    ...(loginUrl === undefined ? [] : [`  dashboard  ${loginUrl}   (one-time login link)`]),
    `  HTTP API   ${http}`,
    `  gRPC       ${grpc}`,
    `  client     ${clientFile}`,
    ...notices.map((notice) => `  ${notice}`),
    'Ctrl-C stops it; nothing that was stored is lost.',
  ];
  return `${lines.join('\n')}\n`;
}
