import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { dashboardEnvironment } from '@kubehero/contract';
import { budget, createConnectClient, type UnaryOf } from '@kubehero/rpc';
import { UserError } from '@kubehero/runtime';
import { renderPolicies, renderPolicy, renderSimulation } from '../output/policy-table.js';
import { findServer, type ServerFlags } from '../server-access.js';
import type { RegisterCommand, RunCommand } from './command.js';

interface PolicyFlags extends ServerFlags {
  readonly output: string;
  readonly cluster?: string;
}

interface ArmFlags extends PolicyFlags {
  readonly confirm?: string;
}

interface SimulateFlags extends PolicyFlags {
  readonly days: string;
  readonly file?: string;
}

type Client = UnaryOf<budget.PolicyServiceShape>;

const ARM_TIMEOUT_MS = 30_000;

/** `kubehero policy`: budgets as the hub knows them. */
export const registerPolicy: RegisterCommand = (program, run) => {
  const policy = program
    .command('policy')
    .description('budget policies: what they allow, what was spent, what they stop')
    .addHelpText(
      'after',
      `\nThe server is taken from --client, else from ${dashboardEnvironment.server} and ${dashboardEnvironment.token}, else from the local data folder.`,
    );
  const add = (usage: string, description: string): ReturnType<typeof policy.command> =>
    policy
      .command(usage)
      .description(description)
      .option('--cluster <name>', 'cluster in which the policy is written, where several have the name')
      .option('--output <format>', 'table or json', 'table')
      .option('--client <file>', 'client.json of the server');
  add('list', 'every policy with its spend').action((flags: PolicyFlags) => {
    run(() => list(flags));
  });
  add('show <policy>', 'one policy with its conditions, clusters and history').action(
    (name: string, flags: PolicyFlags) => {
      run(() => show(name, flags));
    },
  );
  registerArming(add, run);
  add(
    'simulate [policy]',
    'what a policy would have done, and which objects it would stop now; changes nothing',
  )
    .option('--days <days>', 'how far to look back', '30')
    .option('--file <file>', 'a BudgetPolicy as JSON that no cluster has yet, in place of a name')
    .action((name: string | undefined, flags: SimulateFlags) => {
      run(() => simulate(name, flags));
    });
};

function registerArming(
  add: (usage: string, description: string) => ReturnType<Parameters<RegisterCommand>[0]['command']>,
  run: RunCommand,
): void {
  add('arm <policy>', 'lets a policy stop workloads above its ceiling; asks for its name')
    .option('--confirm <name>', "the policy's name, in place of typing it")
    .addHelpText(
      'after',
      '\nA suspended Job throws its running work away and begins anew when it is released; a CronJob that is released catches up on runs it missed within its startingDeadlineSeconds.',
    )
    .action((name: string, flags: ArmFlags) => {
      run(() => setArmed(name, true, flags));
    });
  add('disarm <policy>', 'lets a policy only warn; releases what it stopped').action(
    (name: string, flags: ArmFlags) => {
      run(() => setArmed(name, false, flags));
    },
  );
}

async function list(flags: PolicyFlags): Promise<number> {
  const { policies } = await (await connect(flags)).ListPolicies({});
  const chosen = policies.filter(
    ({ originCluster }) => flags.cluster === undefined || originCluster === flags.cluster,
  );
  return print(flags, { policies: chosen }, () => renderPolicies(chosen));
}

async function show(policy: string, flags: PolicyFlags): Promise<number> {
  const answer = await (await connect(flags)).GetPolicy({ policy, cluster: flags.cluster });
  return print(flags, answer, () => renderPolicy(answer));
}

async function setArmed(policy: string, armed: boolean, flags: ArmFlags): Promise<number> {
  const client = await connect(flags);
  const { status } = await client.GetPolicy({ policy, cluster: flags.cluster });
  const name = status?.verdict?.policyName ?? policy;
  const confirmName = armed ? (flags.confirm ?? (await askForName(name))) : '';
  const by = userInfo().username;
  const answer = await client.SetArmed(
    { policy, cluster: flags.cluster, armed, confirmName, by },
    { timeoutMs: ARM_TIMEOUT_MS },
  );
  return print(flags, answer, () => `${name} is ${answer.status?.armed === true ? 'armed' : 'not armed'}\n`);
}

async function askForName(name: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new UserError(
      'WRONG_USAGE',
      `arming lets '${name}' stop workloads: confirm it with --confirm ${name}`,
      { exitCode: 2 },
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (
      await terminal.question(
        `Above its ceiling '${name}' will stop workloads (running Jobs lose their work).\nType its name to arm it: `,
      )
    ).trim();
  } finally {
    terminal.close();
  }
}

async function simulate(policy: string | undefined, flags: SimulateFlags): Promise<number> {
  const days = Number(flags.days);
  const faults: string[] = [];
  if (!(Number.isInteger(days) && days >= 1 && days <= 366))
    faults.push(`--days: '${flags.days}' is not allowed: give 1 to 366`);
  if ((policy === undefined) === (flags.file === undefined))
    faults.push('give either the name of a policy or --file');
  if (faults.length > 0) throw new UserError('WRONG_USAGE', faults.join('\n'), { exitCode: 2 });
  const policyJson = flags.file === undefined ? undefined : await readPolicyFile(flags.file);
  const answer = await (
    await connect(flags)
  ).SimulatePolicy({ policy, policyJson, days, cluster: flags.cluster });
  return print(flags, answer, () => renderSimulation(answer));
}

async function readPolicyFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UserError('WRONG_USAGE', `--file: ${file} cannot be read: give a BudgetPolicy as JSON`, {
      exitCode: 2,
      cause,
    });
  }
}

async function connect(flags: PolicyFlags): Promise<Client> {
  if (!['table', 'json'].includes(flags.output)) {
    throw new UserError('WRONG_USAGE', `--output: '${flags.output}' is not allowed: give table or json`, {
      exitCode: 2,
    });
  }
  return createConnectClient(await findServer(flags)).client(budget.PolicyService);
}

/** Writes an answer; bytes in JSON are base64, 64-bit integers strings. */
function print(flags: PolicyFlags, answer: object, render: () => string): number {
  const json = (): string =>
    `${JSON.stringify(answer, (_key, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value))}\n`;
  process.stdout.write(flags.output === 'json' ? json() : render());
  return 0;
}
