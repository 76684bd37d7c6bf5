import { isIP } from 'node:net';

/** A text that is no value of a setting; the message says what would be, lower case, no full stop. */
export class BadValueError extends Error {
  /** Always `BAD_VALUE`. */
  readonly code = 'BAD_VALUE';
  /** @param allowed - for example `give a whole number from 1 to 100` */
  constructor(allowed: string) {
    super(allowed);
    this.name = 'BadValueError';
  }
}

/** Where a setting comes from and why it is there; the same for every kind. */
export interface SettingBase<T> {
  /** Flag without its dashes, for example `drain-seconds`; absent: no flag. */
  readonly flag?: string;
  /** Name of the environment variable; absent: none. A flag wins over it. */
  readonly env?: string;
  /** What it is for, one sentence without a full stop; shown by `--help`. */
  readonly reason: string;
  /** Value where neither flag nor variable is given; absent: the setting is required. */
  readonly fallback?: T;
}

/** One row of a program's table of settings. */
export interface Setting<T> extends SettingBase<T> {
  /** Shown in `--help` as the flag's value: `seconds`, `host:port` ...; empty for a switch. */
  readonly unit: string;
  /** @throws BadValueError */
  readonly parse: (text: string) => T;
  /** How the fallback is shown. */
  show(value: T): string;
}

/** A network address to listen on or to dial. */
export interface HostPort {
  /** Name or address; IPv6 without brackets. */
  readonly host: string;
  /** 0 to 65535; 0 takes a free one. */
  readonly port: number;
}

const WHOLE_NUMBER = /^-?\d{1,15}$/;
const DECIMAL = /^\d{1,15}(\.\d{1,12})?$/;
const HOST_NAME = /^[a-z0-9_]([a-z0-9_.-]{0,252})$/i;
const MAX_PORT = 65_535;
const plain = (value: unknown): string => String(value);

/** A whole number within bounds. */
export function integerSetting(
  base: SettingBase<number> & { readonly unit: string; readonly min: number; readonly max: number },
): Setting<number> {
  const parse = (text: string): number => {
    const value = Number(text);
    if (!WHOLE_NUMBER.test(text) || value < base.min || value > base.max) {
      throw new BadValueError(`give a whole number of ${base.unit} from ${base.min} to ${base.max}`);
    }
    return value;
  };
  return { ...base, parse, show: plain };
}

/** A plain decimal within bounds, read as a binary float: never for money. */
export function decimalSetting(
  base: SettingBase<number> & { readonly unit: string; readonly min: number; readonly max: number },
): Setting<number> {
  const parse = (text: string): number => {
    const value = Number(text);
    if (!DECIMAL.test(text) || value < base.min || value > base.max) {
      throw new BadValueError(`give a number of ${base.unit} from ${base.min} to ${base.max}`);
    }
    return value;
  };
  return { ...base, parse, show: plain };
}

/** One of a few words. */
export function choiceSetting<const T extends string>(
  base: SettingBase<NoInfer<T>> & { readonly choices: readonly T[] },
): Setting<T> {
  const parse = (text: string): T => {
    const found = base.choices.find((choice) => choice === text);
    if (found === undefined) throw new BadValueError(`give one of ${base.choices.join(', ')}`);
    return found;
  };
  return { ...base, unit: base.choices.join('|'), parse, show: plain };
}

/** A text, checked by a pattern where one is given. */
export function textSetting(
  base: SettingBase<string> & {
    readonly unit: string;
    readonly pattern?: RegExp;
    readonly allowed?: string;
  },
): Setting<string> {
  const parse = (text: string): string => {
    if (base.pattern?.test(text) === false)
      throw new BadValueError(base.allowed ?? `give ${base.unit} that matches ${base.pattern.source}`);
    return text;
  };
  return { ...base, parse, show: plain };
}

/** A path of a file or folder. Nothing is opened. */
export function pathSetting(base: SettingBase<string> & { readonly unit?: string }): Setting<string> {
  return textSetting({ ...base, unit: base.unit ?? 'path', pattern: /^[^\0]+$/, allowed: 'give a path' });
}

/** A URL of one of the given schemes, without a password in it. */
export function urlSetting(
  base: SettingBase<string> & { readonly schemes: readonly string[] },
): Setting<string> {
  const parse = (text: string): string => {
    const allowed = `give a URL of ${base.schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
    if (!URL.canParse(text)) throw new BadValueError(allowed);
    const url = new URL(text);
    if (!base.schemes.includes(url.protocol.slice(0, -1))) throw new BadValueError(allowed);
    if (url.password !== '')
      throw new BadValueError('give the URL without a password: passwords come from a file');
    return text;
  };
  return { ...base, unit: 'url', parse, show: plain };
}

/** `host:port`; IPv6 addresses in brackets; `:port` means every interface. */
export function hostPortSetting(base: SettingBase<HostPort>): Setting<HostPort> {
  return { ...base, unit: 'host:port', parse: parseHostPort, show: formatHostPort };
}

/** Present or not: `--flag`, `--no-flag`, or `true`/`false` in the environment. */
export function switchSetting(base: SettingBase<boolean>): Setting<boolean> {
  const parse = (text: string): boolean => {
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    throw new BadValueError('give true or false');
  };
  return { ...base, unit: '', parse, show: plain };
}

/** Several values separated by commas; empty parts are refused. */
export function listSetting<T>(
  base: SettingBase<readonly T[]> & { readonly of: Setting<T> },
): Setting<readonly T[]> {
  const parse = (text: string): readonly T[] => text.split(',').map((part) => base.of.parse(part.trim()));
  return {
    ...base,
    unit: `${base.of.unit},…`,
    parse,
    show: (values) => values.map((value) => base.of.show(value)).join(','),
  };
}

/** The same setting, not required: its value is undefined where nothing is given. */
export function optionalSetting<T>(setting: Setting<T>): Setting<T | undefined> {
  return {
    ...setting,
    fallback: undefined,
    parse: setting.parse,
    show: (value) => (value === undefined ? '' : setting.show(value)),
  };
}

/**
 * Reads `host:port`, `[ipv6]:port` or `:port` (every interface).
 *
 * @throws BadValueError
 */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? (match?.[2] === '' ? '0.0.0.0' : match?.[2]);
  const valid = host !== undefined && (match?.[1] === undefined ? HOST_NAME.test(host) : isIP(host) === 6);
  if (!valid || port > MAX_PORT) {
    throw new BadValueError('give host:port such as 127.0.0.1:9400, or :9400 for every interface');
  }
  return { host, port };
}

/** Writes an address the way {@link parseHostPort} reads it. */
export function formatHostPort(address: HostPort): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
