/** Why a BTF section could not be read. */
export class BtfError extends Error {
  override readonly name = 'BtfError';

  constructor(
    readonly code: 'NOT_ELF' | 'NO_BTF' | 'BAD_BTF' | 'NO_SUCH_STRUCT',
    message: string,
  ) {
    super(message);
  }
}

/** A member of a struct: where it starts and how long it is, in bytes. */
export interface BtfMember {
  readonly name: string;
  readonly offset: number;
  readonly byteLength: number;
}

/** A struct as the compiler laid it out. */
export interface BtfStruct {
  readonly name: string;
  readonly byteLength: number;
  readonly members: readonly BtfMember[];
}

interface BtfType {
  readonly name: string;
  readonly kind: number;
  /** Size in bytes or id of another type, by kind. */
  readonly sizeOrType: number;
  /** Where the records that follow the type start, and how many they are. */
  readonly tail: number;
  readonly count: number;
}

/** Kinds of BTF types, see the kernel's Documentation/bpf/btf.rst. */
const kinds = { pointer: 2, array: 3, struct: 4, union: 5 } as const;
/** Kinds that only name or qualify another type: typedef, volatile, const, restrict, type tag. */
const aliases: ReadonlySet<number> = new Set([8, 9, 10, 11, 18]);
const pointerBytes = 8;

/** Bytes after the 12 of a type: by kind, fixed and for each of its `count` records. */
const tailBytes: Readonly<Record<number, { fixed?: number; each?: number }>> = {
  1: { fixed: 4 },
  3: { fixed: 12 },
  4: { each: 12 },
  5: { each: 12 },
  6: { each: 8 },
  13: { each: 8 },
  14: { fixed: 4 },
  15: { each: 12 },
  17: { fixed: 4 },
  19: { each: 12 },
};

/**
 * The content of an ELF section of a little-endian 64-bit file.
 *
 * @throws {BtfError} NOT_ELF, NO_BTF (no such section)
 */
export function findSection(file: Buffer, name: string): Buffer {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) {
    throw new BtfError('NOT_ELF', 'file is no little-endian 64-bit ELF object: compile it with clang -target bpf');
  }
  const table = Number(file.readBigUInt64LE(40));
  const entryBytes = file.readUInt16LE(58);
  const content = (index: number): Buffer => {
    const at = table + index * entryBytes;
    const offset = Number(file.readBigUInt64LE(at + 24));
    return file.subarray(offset, offset + Number(file.readBigUInt64LE(at + 32)));
  };
  const names = content(file.readUInt16LE(62));
  for (let index = 0; index < file.readUInt16LE(60); index++) {
    if (readString(names, file.readUInt32LE(table + index * entryBytes)) === name) {
      return content(index);
    }
  }
  throw new BtfError('NO_BTF', `object has no section '${name}': compile it with -g`);
}

/** Structs by name from the `.BTF` section of an object file. */
export class Btf {
  private readonly types: BtfType[] = [];

  /** @throws {BtfError} BAD_BTF */
  constructor(private readonly section: Buffer) {
    if (section.length < 24 || section.readUInt16LE(0) !== 0xeb9f) {
      throw new BtfError('BAD_BTF', 'section .BTF does not start with its magic number 0xeb9f');
    }
    const headerBytes = section.readUInt32LE(4);
    let at = headerBytes + section.readUInt32LE(8);
    const end = at + section.readUInt32LE(12);
    const strings = section.subarray(headerBytes + section.readUInt32LE(16));
    this.types.push({ name: 'void', kind: 0, sizeOrType: 0, tail: 0, count: 0 });
    while (at < end) {
      at = this.readType(at, strings);
    }
  }

  /**
   * Layout of a struct; bit fields are not supported.
   *
   * @throws {BtfError} NO_SUCH_STRUCT
   */
  findStruct(name: string): BtfStruct {
    const type = this.types.find((candidate) => candidate.kind === kinds.struct && candidate.name === name);
    if (type === undefined) {
      throw new BtfError('NO_SUCH_STRUCT', `object has no struct '${name}': use it in a map or an argument`);
    }
    const members: BtfMember[] = [];
    for (let index = 0; index < type.count; index++) {
      const at = type.tail + index * 12;
      members.push({
        name: this.memberName(at),
        offset: (this.section.readUInt32LE(at + 8) & 0xffffff) / 8,
        byteLength: this.byteLength(this.section.readUInt32LE(at + 4)),
      });
    }
    return { name, byteLength: type.sizeOrType, members };
  }

  private memberName(at: number): string {
    const strings = this.section.readUInt32LE(4) + this.section.readUInt32LE(16);
    return readString(this.section, strings + this.section.readUInt32LE(at));
  }

  private readType(at: number, strings: Buffer): number {
    const info = this.section.readUInt32LE(at + 4);
    const kind = (info >>> 24) & 31;
    const count = info & 0xffff;
    this.types.push({
      name: readString(strings, this.section.readUInt32LE(at)),
      kind,
      sizeOrType: this.section.readUInt32LE(at + 8),
      tail: at + 12,
      count,
    });
    const { fixed = 0, each = 0 } = tailBytes[kind] ?? {};
    return at + 12 + fixed + each * count;
  }

  private byteLength(id: number): number {
    const type = this.types[id];
    if (type === undefined) {
      throw new BtfError('BAD_BTF', `type ${id} does not exist among ${this.types.length}`);
    }
    if (type.kind === kinds.pointer) return pointerBytes;
    if (aliases.has(type.kind)) return this.byteLength(type.sizeOrType);
    if (type.kind === kinds.array) {
      return this.byteLength(this.section.readUInt32LE(type.tail)) * this.section.readUInt32LE(type.tail + 8);
    }
    return type.sizeOrType;
  }
}

function readString(table: Buffer, offset: number): string {
  return table.toString('utf8', offset, table.indexOf(0, offset));
}
