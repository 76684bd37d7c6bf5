import { describe, expect, it } from '@jest/globals';
import {
  choiceSetting,
  decimalSetting,
  declareFlags,
  formatHostPort,
  hostPortSetting,
  integerSetting,
  listSetting,
  optionalSetting,
  parseHostPort,
  pathSetting,
  readSettings,
  SettingsError,
  switchSetting,
  textSetting,
  urlSetting,
} from '@kubehero/runtime';
import { Command } from 'commander';
import fc from 'fast-check';

const table = {
  listen: hostPortSetting({
    flag: 'http',
    env: 'KUBEHERO_HTTP_LISTEN',
    fallback: { host: '127.0.0.1', port: 9400 },
    reason: 'address of the HTTP API',
  }),
  drainS: integerSetting({
    flag: 'drain-seconds',
    env: 'KUBEHERO_DRAIN_SECONDS',
    unit: 'seconds',
    min: 1,
    max: 600,
    fallback: 30,
    reason: 'longest time that a stop may take',
  }),
  mode: choiceSetting({ flag: 'mode', choices: ['auto', 'off'], fallback: 'auto', reason: 'what to run' }),
  share: decimalSetting({ flag: 'share', unit: 'share', min: 0, max: 1, fallback: 0.5, reason: 'how much' }),
  dataDir: pathSetting({ flag: 'data-dir', env: 'KUBEHERO_DATA_DIR', reason: 'where data is kept' }),
  verbose: switchSetting({ flag: 'verbose', env: 'VERBOSE', fallback: false, reason: 'say more' }),
  colour: switchSetting({ flag: 'colour', fallback: true, reason: 'use colours' }),
  hub: optionalSetting(urlSetting({ env: 'HUB', schemes: ['https'], reason: 'the hub' })),
  names: listSetting({
    flag: 'names',
    fallback: [],
    of: textSetting({ unit: 'name', pattern: /^[a-z]+$/, reason: 'a name' }),
    reason: 'names of the server',
  }),
} as const;

const required = { KUBEHERO_DATA_DIR: '/data' };

describe('settings', () => {
  it('take flags first, then the environment, then their defaults, and are frozen', () => {
    const settings = readSettings(table, {
      flags: { drainSeconds: '7', names: 'a, b' },
      env: {
        ...required,
        KUBEHERO_DRAIN_SECONDS: '9',
        KUBEHERO_HTTP_LISTEN: '[::1]:0',
        VERBOSE: 'true',
        HUB: '',
      },
    });
    expect(settings).toEqual({
      listen: { host: '::1', port: 0 },
      drainS: 7,
      mode: 'auto',
      share: 0.5,
      dataDir: '/data',
      verbose: true,
      colour: true,
      hub: undefined,
      names: ['a', 'b'],
    });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('report every fault at once, with its source, the value and what is allowed', () => {
    const read = (): unknown =>
      readSettings(table, {
        flags: { drainSeconds: '0', mode: 'on', share: '1e-1', names: 'a,,b' },
        env: { KUBEHERO_HTTP_LISTEN: 'localhost', HUB: 'https://u:p@hub', VERBOSE: 'yes' },
      });
    expect(read).toThrow(SettingsError);
    try {
      read();
    } catch (error) {
      const { faults, exitCode, code } = error as SettingsError;
      expect([exitCode, code]).toEqual([2, 'INVALID_SETTINGS']);
      expect(faults.map((fault) => `${fault.source}: ${fault.message}`)).toEqual([
        "KUBEHERO_HTTP_LISTEN: 'localhost' is not allowed: give host:port such as 127.0.0.1:9400, or :9400 for every interface",
        "--drain-seconds: '0' is not allowed: give a whole number of seconds from 1 to 600",
        "--mode: 'on' is not allowed: give one of auto, off",
        "--share: '1e-1' is not allowed: give a number of share from 0 to 1",
        '--data-dir or KUBEHERO_DATA_DIR: is required: give path: where data is kept',
        "VERBOSE: 'yes' is not allowed: give true or false",
        "HUB: 'https://u:***@hub' is not allowed: give the URL without a password: passwords come from a file",
        "--names: 'a,,b' is not allowed: give name that matches ^[a-z]+$",
      ]);
    }
  });

  it('become the flags of a command, with reason, default and variable in its help', () => {
    const command = new Command('test').exitOverride();
    declareFlags(command, table);
    command.parse(['--http', ':1', '--verbose', '--no-colour', '--data-dir', '/x'], { from: 'user' });
    expect(readSettings(table, { flags: command.opts() })).toMatchObject({
      listen: { host: '0.0.0.0', port: 1 },
      verbose: true,
      colour: false,
      dataDir: '/x',
      drainS: 30,
    });
    const help = command.helpInformation().replace(/\s+/g, ' ');
    expect(help).toContain(
      '--drain-seconds <seconds> longest time that a stop may take (default: 30, env: KUBEHERO_DRAIN_SECONDS)',
    );
    expect(help).toContain('--http <host:port> address of the HTTP API (default: 127.0.0.1:9400,');
    expect(help).toContain('--data-dir <path> where data is kept (env: KUBEHERO_DATA_DIR, required)');
    expect(help).not.toContain('HUB');
  });

  it('refuse whole numbers that are none', () => {
    for (const text of ['', ' 5', '5.0', '0x5', '1e1', '٥', '9999999999999999']) {
      expect(() => table.drainS.parse(text)).toThrow('give a whole number');
    }
  });

  it('read every address that they write', () => {
    const host = fc.oneof(
      fc.ipV4(),
      fc.ipV6().filter((address) => !address.includes('.')),
      fc.domain(),
    );
    fc.assert(
      fc.property(host, fc.integer({ min: 0, max: 65_535 }), (name, port) => {
        expect(parseHostPort(formatHostPort({ host: name, port }))).toEqual({ host: name, port });
      }),
    );
    for (const bad of ['', '9400', 'a:', 'a:b', 'a:65536', '::1:80', '[a]:80', 'a b:80', 'http://a:80']) {
      expect(() => parseHostPort(bad)).toThrow('give host:port');
    }
  });
});
