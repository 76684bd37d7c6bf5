import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { imageRoles } from '@kubehero/contract';
import { ImagesError } from '../images/errors.js';
import { formatLock, lockChanges, lockImages } from '../images/lock.js';
import { RegistryClient } from '../images/registry-client.js';
import type { RegisterCommand } from './command.js';

interface LockFlags {
  readonly output: string;
  readonly mirror?: string;
  readonly keepHost?: boolean;
  readonly plainHttp?: readonly string[];
  readonly credentials?: string;
  readonly image?: readonly string[];
  readonly check?: boolean;
}

const requestTimeoutMs = 30_000;

/** `kubehero images lock`: asks registries for the digests of every image and writes the lock file that synthesis reads. */
export const registerImages: RegisterCommand = (program, run) => {
  program
    .command('images')
    .description('the images of an installation')
    .command('lock')
    .description(
      'ask the registries for the digest of every image and write the lock file that synthesis reads',
    )
    .option('--output <file>', 'lock file', 'images.lock.json')
    .option('--mirror <host/path>', 'ask this registry for every image instead of its own')
    .option('--keep-host', 'the mirror keeps the original registry as a folder')
    .option('--plain-http <host...>', 'registries that speak plain HTTP')
    .option('--credentials <file>', 'docker config.json with the credentials of registries')
    .option(
      '--image <role=reference...>',
      'another image for a role, such as dex=registry.example.com/dex:v2.45.1',
    )
    .option('--check', 'write nothing; exit 1 when the lock file says something else')
    .action((flags: LockFlags) => {
      run((signal) => lock(flags, signal));
    });
};

async function lock(flags: LockFlags, signal: AbortSignal): Promise<number> {
  const client = new RegistryClient({
    credentials: flags.credentials === undefined ? {} : await readCredentials(flags.credentials),
    plainHttp: flags.plainHttp ?? [],
    timeoutMs: requestTimeoutMs,
  });
  const images = { ...imageRoles, ...parseOverrides(flags.image ?? []) };
  const document = await lockImages(
    client,
    { images, mirror: flags.mirror, keepHost: flags.keepHost ?? false },
    signal,
  );
  const before = existsSync(flags.output)
    ? await readFile(flags.output, 'utf8')
    : '{"version":1,"images":{}}';
  const changes = lockChanges(before, document);
  if (flags.check) {
    if (changes.length === 0) return 0;
    throw new ImagesError(
      'CHANGED',
      `${flags.output} is not what the registries say: ${changes.join('; ')}: run 'kubehero images lock'`,
    );
  }
  await writeFile(`${flags.output}.partial`, formatLock(document));
  await rename(`${flags.output}.partial`, flags.output);
  process.stdout.write(
    `${[...changes, `${Object.keys(document.images).length} images locked in ${flags.output}`].join('\n')}\n`,
  );
  return 0;
}

function parseOverrides(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 1)
        throw new ImagesError('BAD_REFERENCE', `'${pair}' is no role=reference`, { exitCode: 2 });
      const role = pair.slice(0, equals);
      if (!(role in imageRoles)) {
        throw new ImagesError(
          'BAD_REFERENCE',
          `there is no image role '${role}': use one of ${Object.keys(imageRoles).join(', ')}`,
          { exitCode: 2 },
        );
      }
      return [role, pair.slice(equals + 1)];
    }),
  );
}

async function readCredentials(path: string): Promise<Record<string, string>> {
  try {
    const { auths = {} } = JSON.parse(await readFile(path, 'utf8')) as {
      auths?: Record<string, { auth?: string }>;
    };
    const known = Object.entries(auths).flatMap(([registry, { auth }]) =>
      auth === undefined ? [] : [[registry, auth] as const],
    );
    return Object.fromEntries(
      known.map(([registry, auth]) => [registry.replace(/^https:\/\/(index\.)?|\/v1\/$/g, ''), auth]),
    );
  } catch (cause) {
    throw new ImagesError(
      'BAD_CREDENTIALS_FILE',
      `cannot read credentials from '${path}': give a docker config.json with auths`,
      { cause },
    );
  }
}
