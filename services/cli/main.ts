import { Command, CommanderError } from 'commander';
import { runProgram } from '@kubehero/runtime';
import { commandTable } from './commands/command-table.js';

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
  // The first word that is no option is the command: `help NAME` asks for that of NAME
  const [first, second] = process.argv.slice(2).filter((word) => !word.startsWith('-'));
  const wanted = first === 'help' ? second : first;
  for (const { name, description, load } of commandTable) {
    if (name === wanted) (await load())(program, action);
    else program.command(name).description(description);
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
