import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type Options, type PackageDefinition } from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import { findProtoDirectory, listProtoFiles } from './proto-directory.js';

/**
 * How messages look in JavaScript. 64-bit integers are decimal strings: exact, and the same as in JSON. That costs
 * nothing on the hot path, whose numbers travel in `bytes` columns: a batch holds one such field, its sequence.
 * Columns arrive as views into the received message, so nothing is copied; they are not aligned.
 */
const LOADER_OPTIONS: Options = {
  keepCase: false,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
};

/** The parsed .proto files: what gRPC and JSON need to know of services and messages. */
export class Protocol {
  readonly #directory: string;
  #definitions: PackageDefinition | undefined;
  #root: protobuf.Root | undefined;

  /** @param directory - folder of the .proto files. @default - found beside the package */
  constructor(directory: string = findProtoDirectory()) {
    this.#directory = directory;
  }

  /** A service as grpc-js wants it. Parses the files on the first call. @throws Error where there is none */
  service(typeName: string): ServiceDefinition {
    this.#definitions ??= loadSync([...listProtoFiles(this.#directory)], LOADER_OPTIONS);
    const definition = this.#definitions[typeName];
    if (definition === undefined || 'format' in definition) {
      throw new Error(`the .proto files of ${this.#directory} define no service ${typeName}`);
    }
    return definition;
  }

  /** The reflected definitions, for the JSON mapping and for generating types. */
  get root(): protobuf.Root {
    if (this.#root !== undefined) return this.#root;
    const root = new protobuf.Root();
    root.loadSync([...listProtoFiles(this.#directory)], { keepCase: false, alternateCommentMode: true });
    root.resolveAll();
    this.#root = root;
    return root;
  }
}

let shared: Protocol | undefined;

/** The protocol of this package, parsed once for the process: immutable, so sharing it is safe. */
export function defaultProtocol(): Protocol {
  shared ??= new Protocol();
  return shared;
}
