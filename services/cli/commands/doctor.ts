import { Option } from 'commander';
import type { RegisterCommand } from './command.js';
import { diagnose, type Finding } from '../doctor/diagnose.js';

const MARK: Readonly<Record<Finding['state'], string>> = {
  ok: 'ok     ',
  limited: 'limited',
  missing: 'missing',
};

/** `kubehero doctor`: what works on this machine, what is missing, and what to do about it. */
export const registerDoctor: RegisterCommand = (program, run) => {
  program
    .command('doctor')
    .description('tell what works on this machine, what is missing, and what to do about it')
    .addOption(new Option('--output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action((flags: { output: string }) => {
      run(async () => {
        const findings = await diagnose();
        const text = findings
          .map(({ state, subject, detail }) => `${MARK[state]}  ${subject}: ${detail}`)
          .join('\n');
        process.stdout.write(flags.output === 'json' ? `${JSON.stringify({ findings })}\n` : `${text}\n`);
        return findings.some(({ state }) => state === 'missing') ? 1 : 0;
      });
    });
};
