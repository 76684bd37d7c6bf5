import { describe, expect, it } from '@jest/globals';
import { commandTable } from '@kubehero/cli';
import { Command } from 'commander';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { MAIN } from '../../support/product.js';

const run = promisify(execFile);

describe('the commands', () => {
  it.each(commandTable)('$name is listed as its module describes it', async ({ name, description, load }) => {
    const program = new Command();
    (await load())(program, () => undefined);
    expect(program.commands.map((command) => [command.name(), command.description()])).toEqual([
      [name, description],
    ]);
  });

  it('are all in the help, and each has its own', async () => {
    const { stdout } = await run(process.execPath, [MAIN, '--help']);
    for (const { name } of commandTable) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    expect((await run(process.execPath, [MAIN, 'help', 'pricing'])).stdout).toContain('lookup [options]');
    expect((await run(process.execPath, [MAIN, 'pricing', '--help'])).stdout).toContain('lookup [options]');
  });

  it('refuses one that there is not', async () => {
    await expect(run(process.execPath, [MAIN, 'fly'])).rejects.toMatchObject({ code: 2 });
  });
});
