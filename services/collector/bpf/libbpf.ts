import { BpfError } from './bpf-error.js';

/** Address of memory or of an object of libbpf; 0n is null. */
export type Address = bigint;

/** The functions of libbpf and libc that the sensors call. All are synchronous; results below 0 are -errno. */
export interface Libbpf {
  /** Version such as "v1.1". */
  readonly version: string;
  readonly openMemory: (bytes: Buffer, length: number, options: null) => Address;
  readonly loadObject: (object: Address) => number;
  readonly closeObject: (object: Address) => void;
  readonly findProgram: (object: Address, name: string) => Address;
  readonly setAutoload: (program: Address, load: boolean) => number;
  readonly findMap: (object: Address, name: string) => Address;
  readonly setMaxEntries: (map: Address, entries: number) => number;
  readonly mapFd: (map: Address) => number;
  readonly programFd: (program: Address) => number;
  readonly attach: (program: Address) => Address;
  readonly attachCgroup: (program: Address, cgroupFd: number) => Address;
  readonly attachIterator: (program: Address, options: Buffer) => Address;
  readonly linkFd: (link: Address) => number;
  readonly destroyLink: (link: Address) => number;
  readonly createIterator: (linkFd: number) => number;
  readonly testRun: (programFd: number, options: Buffer) => number;
  readonly updateElement: (mapFd: number, key: Buffer, value: Buffer, flags: number) => number;
  readonly deleteElement: (mapFd: number, key: Buffer) => number;
  readonly loadKernelBtf: () => Address;
  readonly findBtfType: (btf: Address, name: string, kind: number) => number;
  readonly freeBtf: (btf: Address) => void;
  /** Maps the file from `offset` on; -1n on failure. */
  readonly mmap: (
    ...parameters: [at: null, bytes: number, protection: number, flags: number, fd: number, offset: number]
  ) => Address;
  readonly munmap: (at: Address, bytes: number) => number;
  /** Address of a buffer's bytes; valid while the buffer lives. */
  readonly addressOf: (buffer: Buffer) => Address;
  /** The memory at an address, without a copy. */
  readonly view: (at: Address, bytes: number) => ArrayBuffer;
  /** The number of the last error of libc, for functions that return null. */
  readonly errno: () => number;
}

/** Where distributions keep the library; a bare name is looked up by the dynamic linker. */
const libraryNames = [
  'libbpf.so.1',
  '/usr/lib/x86_64-linux-gnu/libbpf.so.1',
  '/usr/lib/aarch64-linux-gnu/libbpf.so.1',
  '/usr/lib64/libbpf.so.1',
  '/usr/lib/libbpf.so.1',
];

const libbpfFunctions = {
  openMemory: 'void *bpf_object__open_mem(void *bytes, size_t length, void *options)',
  loadObject: 'int bpf_object__load(void *object)',
  closeObject: 'void bpf_object__close(void *object)',
  findProgram: 'void *bpf_object__find_program_by_name(void *object, const char *name)',
  setAutoload: 'int bpf_program__set_autoload(void *program, bool load)',
  findMap: 'void *bpf_object__find_map_by_name(void *object, const char *name)',
  setMaxEntries: 'int bpf_map__set_max_entries(void *map, uint32_t entries)',
  mapFd: 'int bpf_map__fd(void *map)',
  programFd: 'int bpf_program__fd(void *program)',
  attach: 'void *bpf_program__attach(void *program)',
  attachCgroup: 'void *bpf_program__attach_cgroup(void *program, int cgroup_fd)',
  attachIterator: 'void *bpf_program__attach_iter(void *program, void *options)',
  linkFd: 'int bpf_link__fd(void *link)',
  destroyLink: 'int bpf_link__destroy(void *link)',
  createIterator: 'int bpf_iter_create(int link_fd)',
  testRun: 'int bpf_prog_test_run_opts(int program_fd, void *options)',
  updateElement: 'int bpf_map_update_elem(int fd, void *key, void *value, uint64_t flags)',
  deleteElement: 'int bpf_map_delete_elem(int fd, void *key)',
  loadKernelBtf: 'void *btf__load_vmlinux_btf(void)',
  findBtfType: 'int btf__find_by_name_kind(void *btf, const char *name, uint32_t kind)',
  freeBtf: 'void btf__free(void *btf)',
} as const;

const libcFunctions = {
  mmap: 'void *mmap(void *at, size_t bytes, int protection, int flags, int fd, int64_t offset)',
  munmap: 'int munmap(void *at, size_t bytes)',
} as const;

type Koffi = (typeof import('koffi'))['default'];
type Library = ReturnType<Koffi['load']>;

/**
 * Loads `libbpf.so.1` into this process and silences its log.
 *
 * @throws {BpfError} LIBRARY_MISSING
 */
export async function openLibbpf(): Promise<Libbpf> {
  const koffi = await importKoffi();
  const library = loadFirst(koffi);
  const bound: Record<string, unknown> = {};
  for (const [name, definition] of Object.entries(libbpfFunctions)) {
    bound[name] = library.func(definition);
  }
  const libc = koffi.load(null);
  for (const [name, definition] of Object.entries(libcFunctions)) {
    bound[name] = libc.func(definition);
  }
  library.func('void *libbpf_set_print(void *print)')(null);
  const version = library.func('const char *libbpf_version_string(void)')() as string;
  return {
    ...(bound as unknown as Libbpf),
    version,
    addressOf: (buffer) => koffi.address(buffer),
    view: (at, bytes) => koffi.view(at, bytes),
    errno: () => koffi.errno(),
  };
}

async function importKoffi(): Promise<Koffi> {
  try {
    return (await import('koffi')).default;
  } catch (cause) {
    throw new BpfError(
      'LIBRARY_MISSING',
      `module 'koffi' has no build for ${process.platform}-${process.arch}: install KubeHero on linux-x64 or linux-arm64`,
      { cause },
    );
  }
}

function loadFirst(koffi: Koffi): Library {
  let cause: unknown;
  for (const name of libraryNames) {
    try {
      return koffi.load(name);
    } catch (error) {
      cause = error;
    }
  }
  throw new BpfError(
    'LIBRARY_MISSING',
    "libbpf.so.1 is not installed: install the package 'libbpf1' (Debian, Ubuntu), 'libbpf' (Fedora, Alpine, Arch)",
    { cause },
  );
}
