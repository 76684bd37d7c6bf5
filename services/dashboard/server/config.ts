import { readFileSync } from 'node:fs';
import { dashboardEnvironment, environmentNames, ports } from '@kubehero/contract';

/** Settings of the dashboard's server. */
export interface DashboardConfig {
  /** Control plane's HTTP port, e.g. `http://127.0.0.1:9400`. */
  readonly controlPlaneUrl: URL;
  /** Bearer token for it. */
  readonly token: string;
  /** Key of the session cookies' signature. */
  readonly sessionSecret: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** True where browsers come over HTTPS, so that cookies are `Secure`. */
  readonly secureCookies: boolean;
}

/** Settings that cannot be used; `faults` names every one of them. */
export class DashboardConfigError extends Error {
  readonly code = 'INVALID_SETTINGS';

  constructor(readonly faults: readonly string[]) {
    super(`cannot start the dashboard: ${faults.join('; ')}`);
  }
}

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const SESSION_SECRET: SecretSource = {
  name: dashboardEnvironment.sessionSecret,
  file: environmentNames.sessionKeyFile,
  minLength: 32,
};

/**
 * Reads the settings: each from its variable, or from the file that its `_FILE` variable names.
 * @throws DashboardConfigError that names all faults at once.
 */
export function readConfig(environment: Environment): DashboardConfig {
  const faults: string[] = [];
  const controlPlaneUrl = readUrl(environment, faults);
  const token = readSecret(
    environment,
    { name: dashboardEnvironment.token, file: environmentNames.apiTokenFile, minLength: 1 },
    faults,
  );
  const sessionSecret = readSecret(environment, SESSION_SECRET, faults);
  const listen = readListen(environment, faults);
  const secureCookies = (environment[environmentNames.publicUrl] ?? '').startsWith('https:');
  if (faults.length > 0 || controlPlaneUrl === undefined) throw new DashboardConfigError(faults);
  return Object.freeze({ controlPlaneUrl, token, sessionSecret, ...listen, secureCookies });
}

/**
 * Reads the key of the session cookies alone.
 * @throws DashboardConfigError where it is missing or too short.
 */
export function readSessionSecret(environment: Environment): string {
  const faults: string[] = [];
  const secret = readSecret(environment, SESSION_SECRET, faults);
  if (faults.length > 0) throw new DashboardConfigError(faults);
  return secret;
}

/** The environment of this process. */
export function processEnvironment(): Environment {
  return process.env;
}

/**
 * Prepares the environment for Next.js: production, no telemetry to anyone, and the settings that its build
 * recorded, by the variable through which a standalone build gets them.
 */
export function prepareNext(recordedSettings: unknown): void {
  Object.assign(process.env, {
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    __NEXT_PRIVATE_STANDALONE_CONFIG: JSON.stringify(recordedSettings),
  });
}

interface SecretSource {
  readonly name: string;
  readonly file: string;
  readonly minLength: number;
}

function readSecret(environment: Environment, source: SecretSource, faults: string[]): string {
  const secret = environment[source.name] ?? readSecretFile(environment, source, faults);
  if (secret === undefined) return '';
  if (secret.trim().length < source.minLength) {
    const length = secret.trim().length;
    faults.push(`${source.name} has ${length} characters: it needs at least ${source.minLength}`);
  }
  return secret.trim();
}

function readSecretFile(
  environment: Environment,
  source: SecretSource,
  faults: string[],
): string | undefined {
  const path = environment[source.file];
  if (path === undefined) {
    faults.push(`neither ${source.name} nor ${source.file} is set`);
    return undefined;
  }
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    faults.push(
      `${source.file} '${path}' cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`,
    );
    return undefined;
  }
}

function readUrl(environment: Environment, faults: string[]): URL | undefined {
  const name = dashboardEnvironment.server;
  const text = environment[name] ?? environment[environmentNames.controlPlaneUrl];
  if (text === undefined) {
    faults.push(`neither ${name} nor ${environmentNames.controlPlaneUrl} is set`);
    return undefined;
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  faults.push(`${name} '${text}' is not an http or https URL`);
  return undefined;
}

function readListen(environment: Environment, faults: string[]): { host: string; port: number } {
  const text = environment[environmentNames.httpListen] ?? `127.0.0.1:${ports.dashboard}`;
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    faults.push(`${environmentNames.httpListen} '${text}' is not host:port`);
    return { host: '127.0.0.1', port: 0 };
  }
  return { host: match[1] ?? match[2] ?? '127.0.0.1', port };
}
