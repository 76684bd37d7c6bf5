import { describe, expect, it } from '@jest/globals';
import { defaultProtocol, findProtoDirectory, generateTypes, Protocol } from '@kubehero/rpc';
import protobuf from 'protobufjs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

describe('types of the protocol', () => {
  it('are what `npm run generate:rpc` makes of the .proto files', async () => {
    const directory = join(findProtoDirectory(), '..', 'gen');
    const files = generateTypes(defaultProtocol().root);
    expect((await readdir(directory)).sort()).toEqual(files.map((file) => file.name));
    for (const file of files) expect(await readFile(join(directory, file.name), 'utf8')).toBe(file.text);
  });

  it('have a comment on every service, rpc, message with a purpose and enumeration', () => {
    const missing: string[] = [];
    const visit = (entry: protobuf.ReflectionObject): void => {
      const documented = entry instanceof protobuf.Service || entry instanceof protobuf.Enum;
      if (documented && (entry.comment ?? '') === '') missing.push(entry.fullName);
      if (entry instanceof protobuf.Service) {
        for (const method of entry.methodsArray)
          if ((method.comment ?? '') === '') missing.push(method.fullName);
      }
      if (entry instanceof protobuf.Namespace) entry.nestedArray.forEach(visit);
    };
    visit(defaultProtocol().root);
    expect(missing).toEqual([]);
  });

  it('names the folder where the .proto files are missing', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'kubehero-protos-'));
    expect(() => new Protocol(empty).service('kubehero.query.v1.CostService')).toThrow(empty);
    await rm(empty, { recursive: true });
  });
});
