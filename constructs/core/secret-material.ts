import type { Faults } from './faults.js';

/** What a secret looks like, wherever it stands. */
const shapes: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
  [/\b(AKIA|ASIA)[0-9A-Z]{16}\b/, 'an access key of AWS'],
  [/\beyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{8,}\./, 'a signed token'],
  [/\bgh[pousr]_[A-Za-z0-9]{30,}/, 'a token of GitHub'],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@$]+@/i, 'a password in a URL'],
];

/** Names of what is a secret by itself; a name that ends in `File`, `Name` or `Ref` says where one is. */
const secretName =
  /(passw(or)?d|secret|token|credential|api[_-]?key|private[_-]?key|bindPW)$|^(secret|password)/i;

/**
 * Refuses secrets in plain text anywhere in props, each under the path of its prop, never with its value.
 * @param skip props that are read elsewhere, such as the image lock
 */
export function checkSecretMaterial(faults: Faults, props: object, skip: readonly string[]): void {
  for (const [key, value] of Object.entries(props)) if (!skip.includes(key)) visit(faults, key, value, 0);
}

/** Deep enough for every prop and any sensible connector of Dex; a ring ends here too. */
const depthLimit = 16;

function visit(faults: Faults, prop: string, value: unknown, depth: number): void {
  if (typeof value === 'string') {
    const shape = shapes.find(([pattern]) => pattern.test(value));
    faults.check(
      shape === undefined,
      prop,
      `holds ${shape?.[1] ?? ''}: name an existing Secret, none ever passes through synthesis`,
    );
  } else if (typeof value === 'object' && value !== null && depth < depthLimit) {
    for (const [key, item] of Object.entries(value)) visit(faults, `${prop}.${key}`, item, depth + 1);
  }
}

/** Refuses variables whose name says that the value is a secret; those of a file's path may stand. */
export function checkEnvironment(faults: Faults, prop: string, env: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(env))
    faults.check(
      !secretName.test(name) || value === '',
      `${prop}.${name}`,
      'is a secret by its name: mount a Secret and give the path of its file, no value passes through synthesis',
    );
}

/** Refuses plain values of a connector of Dex, however deep, whose name says that they are secrets; `$NAME` may stand. */
export function checkConnectorSecrets(
  faults: Faults,
  prop: string,
  value: unknown,
  known: (name: string) => void,
): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    const path = `${prop}.${key}`;
    if (typeof item !== 'string') {
      checkConnectorSecrets(faults, path, item, known);
      continue;
    }
    const [, name] = /^\$([A-Z_][A-Z0-9_]*)$/.exec(item) ?? [];
    if (name !== undefined) known(name);
    faults.check(
      name !== undefined || item === '' || !secretName.test(key),
      path,
      'is a secret in plain text: write $NAME and give secretEnv.NAME',
    );
  }
}
