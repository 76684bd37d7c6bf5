import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ChildProgram } from '@kubehero/cli';
import { createLogger } from '@kubehero/runtime';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAIN, start } from '../../support/product.js';
import { bpf, builtDashboard, describeWith } from '../../support/requirements.js';
import { waitUntil } from '../../support/wait-until.js';

const FEW = ['--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0'];

describe('a program beside the control plane', () => {
  function run(
    script: string,
    onEnd?: (sentence: string) => boolean,
  ): { program: ChildProgram; log: string[] } {
    const log: string[] = [];
    const program = new ChildProgram({
      name: 'helper',
      args: ['-e', script],
      env: {},
      logger: createLogger({ level: 'warn', write: (line) => log.push(line) }),
      ...(onEnd === undefined ? {} : { onEnd }),
    });
    program.start();
    return { program, log };
  }

  it('has its own log lines in the log at their level, and its last sentence where it ends', async () => {
    const line = JSON.stringify({ time: 't', level: 'warn', message: 'no BPF: install libbpf1', node: 'n' });
    const quiet = JSON.stringify({ time: 't', level: 'info', message: 'runs' });
    const { program, log } = run(
      `console.error(${JSON.stringify(quiet)}); console.error(${JSON.stringify(line)}); console.error('kubehero: give --hub'); process.exit(2)`,
    );
    await waitUntil('it ended', () => log.length >= 2);
    await program.stop();
    expect(log.slice(0, 2).map((text) => JSON.parse(text) as unknown)).toEqual([
      {
        time: expect.any(String) as unknown,
        level: 'warn',
        message: 'no BPF: install libbpf1',
        program: 'helper',
        node: 'n',
      },
      expect.objectContaining({ program: 'helper', code: 2, said: 'give --hub' }),
    ]);
  });

  it('is not started again where whoever started it does not want it', async () => {
    const ends: string[] = [];
    const { program, log } = run(
      `console.error('first'); console.error('last'); process.exit(1)`,
      (sentence) => {
        ends.push(sentence);
        return false;
      },
    );
    await waitUntil('it ended', () => ends.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await program.stop();
    expect([ends, log]).toEqual([['last'], []]);
  });
});

describe('kubehero up', () => {
  let folder = '';
  let taken: Server;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-children-'));
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
  });
  afterAll(async () => {
    taken.close();
    await rm(folder, { recursive: true, force: true });
  });

  describeWith([builtDashboard], 'with the dashboard', () => {
    it('ends at once where its port is taken, with the address and the way out', async () => {
      const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
      const began = performance.now();
      const flags = [
        '--data-dir',
        join(folder, 'taken'),
        ...FEW,
        '--collector',
        'off',
        '--dashboard',
        address,
      ];
      const up = start(['up', ...flags]);
      expect(await up.ended).toBe(1);
      expect(performance.now() - began).toBeLessThan(40_000); // making the stores takes most of it
      expect(up.errors()).toBe(
        `kubehero: the dashboard did not start: cannot listen on ${address}: another program uses the port: stop it, or give another address with --dashboard of 'kubehero up', or KUBEHERO_HTTP_LISTEN, or run with --dashboard off\n`,
      );
    }, 90_000);
  });

  describeWith([bpf], 'where BPF is not allowed', () => {
    it('tells its user that it measures by files, and what is missing', async () => {
      const without = '-bpf,-perfmon,-sys_admin,-net_admin';
      const flags = ['--data-dir', join(folder, 'files'), ...FEW, '--dashboard', 'off'];
      const up = spawn('setpriv', ['--bounding-set', without, process.execPath, MAIN, 'up', ...flags], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      up.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await waitUntil('it says so', () => said.includes('measuring by cgroup files'), 60_000);
      const [line = ''] = said.split('\n').filter((text) => text.includes('measuring by cgroup files'));
      expect(JSON.parse(line)).toMatchObject({ level: 'warn', program: 'collector' });
      expect(line).toContain('CAP_BPF');
      up.kill('SIGTERM');
      expect(await once(up, 'close')).toEqual([0, null]);
    }, 120_000);
  });
});
