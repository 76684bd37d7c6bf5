import { BadValueError, type Setting } from './setting.js';

/** A program's table of settings, by the name that the program uses. */
export type SettingsTable = Readonly<Record<string, Setting<unknown>>>;

/** The frozen object that a table becomes. */
export type SettingsOf<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer Value> ? Value : never;
};

/** One thing that is wrong with the settings that were given. */
export interface SettingFault {
  /** Flag or variable that the value came from, for example `--drain-seconds`. */
  readonly source: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
}

/** Every fault of the settings at once; a program prints them and exits 2. */
export class SettingsError extends Error {
  /** Always `INVALID_SETTINGS`. */
  readonly code = 'INVALID_SETTINGS';
  /** Always 2: wrong usage. */
  readonly exitCode = 2;

  constructor(readonly faults: readonly SettingFault[]) {
    super(faults.map((fault) => `${fault.source}: ${fault.message}`).join('\n'));
    this.name = 'SettingsError';
  }
}

/** Where values are taken from. */
export interface SettingSources {
  /** What the command line parser gives: values by camel-cased flag, `true`/`false` for switches. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** The environment; an empty variable counts as absent. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The part of a command line parser (commander's `Command`) that {@link declareFlags} calls. */
export interface FlagDeclarer {
  option(flags: string, description: string): unknown;
}

const toCamelCase = (flag: string): string =>
  flag.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

function describeSource(setting: Setting<unknown>): string {
  const names = [setting.flag === undefined ? undefined : `--${setting.flag}`, setting.env];
  return names.filter((name) => name !== undefined).join(' or ');
}

function findText(
  setting: Setting<unknown>,
  sources: SettingSources,
): { text: string; source: string } | undefined {
  const flagged = setting.flag === undefined ? undefined : sources.flags?.[toCamelCase(setting.flag)];
  if (typeof flagged === 'string' || typeof flagged === 'boolean' || typeof flagged === 'number') {
    return { text: String(flagged), source: `--${setting.flag ?? ''}` };
  }
  const fromEnv = setting.env === undefined ? undefined : sources.env?.[setting.env];
  if (fromEnv === undefined || fromEnv === '') return undefined;
  return { text: fromEnv, source: setting.env ?? '' };
}

/** A URL that was refused for its password must not show it. */
function withoutPassword(text: string): string {
  return text.replace(/(\/\/[^/@:]*:)[^@]*@/, '$1***@');
}

function readOne(setting: Setting<unknown>, sources: SettingSources): { value: unknown } | SettingFault {
  const found = findText(setting, sources);
  if (found === undefined) {
    if ('fallback' in setting) return { value: setting.fallback };
    const unit = setting.unit === '' ? 'it' : setting.unit;
    return {
      source: describeSource(setting),
      message: `is required: give ${unit}: ${setting.reason}`,
    };
  }
  try {
    return { value: setting.parse(found.text) };
  } catch (error) {
    if (!(error instanceof BadValueError)) throw error;
    return {
      source: found.source,
      message: `'${withoutPassword(found.text)}' is not allowed: ${error.message}`,
    };
  }
}

/**
 * Turns flags and environment into one frozen object, by the table.
 *
 * @throws SettingsError with every fault, in the table's order
 */
export function readSettings<const Table extends SettingsTable>(
  table: Table,
  sources: SettingSources,
): SettingsOf<Table> {
  const faults: SettingFault[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) {
    const outcome = readOne(setting, sources);
    if ('value' in outcome) values[name] = outcome.value;
    else faults.push(outcome);
  }
  if (faults.length > 0) throw new SettingsError(faults);
  return Object.freeze(values) as SettingsOf<Table>;
}

function describe(setting: Setting<unknown>): string {
  const extras = [
    setting.fallback === undefined ? undefined : `default: ${setting.show(setting.fallback)}`,
    setting.env === undefined ? undefined : `env: ${setting.env}`,
    'fallback' in setting ? undefined : 'required',
  ].filter((extra) => extra !== undefined);
  return extras.length === 0 ? setting.reason : `${setting.reason} (${extras.join(', ')})`;
}

/**
 * Declares the flags of a table on a command, so that `--help` shows reason, default and variable of each.
 * Values are left as text: {@link readSettings} checks all of them together.
 */
export function declareFlags(command: FlagDeclarer, table: SettingsTable): void {
  for (const setting of Object.values(table)) {
    if (setting.flag === undefined) continue;
    const value = setting.unit === '' ? '' : ` <${setting.unit}>`;
    command.option(`--${setting.flag}${value}`, describe(setting));
    if (setting.unit === '' && setting.fallback === true) {
      command.option(`--no-${setting.flag}`, `not: ${setting.reason}`);
    }
  }
}
