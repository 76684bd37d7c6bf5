import { Option } from 'commander';
import { environmentNames } from '@kubehero/contract';
import { connectPostgres, migratePostgres } from '@kubehero/store-postgres';
import { readSettings } from '@kubehero/runtime';
import { postgresSettings, toPostgresUrl } from '@kubehero/control-plane';
import type { RegisterCommand } from './command.js';

/** `kubehero db migrate`: brings PostgreSQL to this version's schema. */
export const registerDatabase: RegisterCommand = (program, run) => {
  program
    .command('db')
    .description('look after the database')
    .command('migrate')
    .description(
      `bring PostgreSQL (${environmentNames.postgresUrl}) to this version's schema; safe to repeat`,
    )
    .addOption(new Option('--output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action((flags: { output: string }) => {
      run(() => migrate(flags.output));
    });
};

async function migrate(output: string): Promise<number> {
  const settings = readSettings(postgresSettings, { env: process.env });
  const db = connectPostgres({
    ...(await toPostgresUrl(settings)),
    onIdleError: (error) => process.stderr.write(`kubehero: ${error.message}\n`),
  });
  try {
    const migrations = await migratePostgres(db);
    const text = migrations.length === 0 ? 'the schema is up to date' : `applied ${migrations.join(', ')}`;
    process.stdout.write(output === 'json' ? `${JSON.stringify({ applied: migrations })}\n` : `${text}\n`);
    return 0;
  } finally {
    await db.destroy();
  }
}
