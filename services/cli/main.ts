import { Command, CommanderError } from 'commander';
import { runProgram } from '@kubehero/runtime';
import { registerBackup } from './commands/backup.js';
import { registerCluster } from './commands/cluster.js';
import { registerCollector } from './commands/collector.js';
import { registerControlPlane } from './commands/control-plane.js';
import { registerCost } from './commands/cost.js';
import { registerDatabase } from './commands/db.js';
import { registerDoctor } from './commands/doctor.js';
import { registerImages } from './commands/images.js';
import { registerOperator } from './commands/operator.js';
import { registerPolicy } from './commands/policy.js';
import { registerPricing } from './commands/pricing.js';
import { registerSecrets } from './commands/secrets.js';
import { registerSimulate } from './commands/simulate.js';
import { registerUp } from './commands/up.js';

const WRONG_USAGE = 2;

/** The `kubehero` command: reads the arguments, runs one command, exits 0 ok, 1 failed, 2 wrong usage. */
async function main(): Promise<number> {
  const program = new Command('kubehero')
    .description('What every Kubernetes pod costs this second, and a hard stop before it hurts')
    .version('0.1.0')
    .showHelpAfterError("(see 'kubehero --help')")
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'kubehero: '));
      },
    });
  let run: ((signal: AbortSignal) => Promise<number>) | undefined;
  const action = (work: (signal: AbortSignal) => Promise<number>): void => void (run = work);
  for (const register of [
    registerUp,
    registerSimulate,
    registerCost,
    registerPolicy,
    registerCluster,
    registerControlPlane,
    registerCollector,
    registerOperator,
    registerImages,
    registerPricing,
    registerDatabase,
    registerBackup,
    registerSecrets,
    registerDoctor,
  ]) {
    register(program, action);
  }
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : WRONG_USAGE;
  }
  return run === undefined ? 0 : await runProgram({ main: run });
}

const exitCode = await main();
// A pipe takes large output piece by piece: exiting before it is empty would cut the output off
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))),
);
process.exit(exitCode);
