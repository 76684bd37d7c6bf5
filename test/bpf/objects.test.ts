import { describe, expect, it } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Btf, BtfError, findSection } from '../../services/collector/bpf/generate/btf.js';
import { renderIndex, sensors, type SensorName } from '../../services/collector/bpf/generate/render-index.js';
import { bpftool, describeWith, type Requirement } from '../support/requirements.js';

const root = join(import.meta.dirname, '../../../..');
const folder = join(root, 'services/collector/bpf/gen');
const names = Object.keys(sensors) as SensorName[];
const readObject = (name: SensorName): Buffer => readFileSync(join(folder, `${name}.bpf.o`));

describe('the generated index of offsets', () => {
  it.each(names)('of %s is what its object says', (name) => {
    expect(readFileSync(join(folder, `${name}.gen.ts`), 'utf8')).toBe(renderIndex(name, readObject(name)));
  });

  it.each(names)('of %s names structs without holes between members', (name) => {
    const btf = new Btf(findSection(readObject(name), '.BTF'));
    for (const struct of sensors[name].map((each) => btf.findStruct(each))) {
      let end = 0;
      for (const member of struct.members) {
        expect([struct.name, member.name, member.offset]).toEqual([struct.name, member.name, end]);
        end += member.byteLength;
      }
      expect([struct.name, struct.byteLength]).toEqual([struct.name, end]);
    }
  });
});

describe('the reader of BTF', () => {
  const codeOf = (read: () => unknown): string => {
    try {
      read();
    } catch (error) {
      if (error instanceof BtfError) return error.code;
      throw error;
    }
    return 'read';
  };

  it('refuses what is no object, has no section or no such struct', () => {
    expect(codeOf(() => findSection(Buffer.from('text'), '.BTF'))).toBe('NOT_ELF');
    expect(codeOf(() => findSection(readObject('usage'), '.nothing'))).toBe('NO_BTF');
    expect(codeOf(() => new Btf(Buffer.alloc(24)))).toBe('BAD_BTF');
    const btf = new Btf(findSection(readObject('usage'), '.BTF'));
    expect(codeOf(() => btf.findStruct('nothing'))).toBe('NO_SUCH_STRUCT');
  });
});

/** Another version may choose other instructions; the bytes are those of this one. */
const clang16: Requirement = {
  name: 'clang 16',
  remedy: 'install clang-16',
  missing: () => (spawnSync('clang-16', ['--version']).status === 0 ? undefined : 'no clang-16 in PATH'),
};

describeWith([clang16, bpftool], 'compiling the sensors again', () => {
  it('gives the bytes that are kept', () => {
    const output = mkdtempSync(join(tmpdir(), 'kubehero-bpf-'));
    try {
      const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
      execFileSync('make', ['-s', '-C', join(root, 'bpf'), `OUTPUT=${output}`], {
        stdio: 'pipe',
        env: { ...process.env, PATH: path },
      });
      for (const name of names) {
        expect([name, readFileSync(join(output, `${name}.bpf.o`)).equals(readObject(name))]).toEqual([name, true]);
      }
    } finally {
      rmSync(output, { recursive: true });
    }
  });
});
