import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The .proto files are not where the package expects them. */
export class ProtoDirectoryError extends Error {
  /** Always `NO_PROTO_FILES`. */
  readonly code = 'NO_PROTO_FILES';
}

/** Seen from this file in the sources, and seen from the compiled file in `dist/js`, where no .proto is copied. */
const CANDIDATES = ['../kubehero/', '../../../../../../services/shared/rpc/kubehero/'];

/**
 * The folder that holds `<area>/v1/*.proto`.
 *
 * @throws ProtoDirectoryError where a bundle moved this file away from the package: it MUST give the folder itself
 */
export function findProtoDirectory(): string {
  for (const candidate of CANDIDATES) {
    const directory = fileURLToPath(new URL(candidate, import.meta.url));
    if (existsSync(join(directory, 'telemetry', 'v1', 'telemetry.proto'))) return directory;
  }
  throw new ProtoDirectoryError(
    'the .proto files of the package @kubehero/rpc were not found beside it: give their folder to the Protocol that servers and channels use',
  );
}

/** Paths of all .proto files below a folder, sorted. */
export function listProtoFiles(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.proto'))
    .sort()
    .map((path) => join(directory, path));
}
