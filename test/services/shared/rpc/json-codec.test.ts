import { describe, expect, it } from '@jest/globals';
import { defaultProtocol, messageFromJson, messageToJson, telemetry, type JsonValue } from '@kubehero/rpc';
import fc from 'fast-check';
import protobuf from 'protobufjs';

const NodeBatch = defaultProtocol().root.lookupType('kubehero.telemetry.v1.NodeBatch');
const ReportRequest = defaultProtocol().root.lookupType('kubehero.telemetry.v1.ReportRequest');
const scalars = protobuf
  .parse(
    `syntax = "proto3"; package t;
   enum Color { RED = 0; GREEN = 3; }
   message All { int32 i32 = 1; uint32 u32 = 2; int64 i64 = 3; uint64 u64 = 4; double d = 5; float f = 6; bool b = 7;
     string s = 8; bytes raw = 9; Color color = 10; optional int32 maybe = 11; repeated int64 many = 12;
     map<string, double> by_name = 13; All nested = 14; oneof pick { string left = 15; int32 right = 16; } }`,
    { keepCase: false },
  )
  .root.resolveAll();
const All = scalars.lookupType('t.All');

const read = (value: unknown, type = All): Record<string, unknown> =>
  messageFromJson(type, value as JsonValue, { unknownFields: 'refuse' });

function codeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as { code: unknown }).code;
  }
}

const digits64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const text = fc.string({ unit: 'grapheme' });
const bytes = fc.uint8Array({ maxLength: 40 }).map((value) => Buffer.from(value));

describe('proto3 JSON mapping', () => {
  it('gives back every message that it wrote, as gRPC would deliver it', () => {
    const identity = fc.record({
      kind: fc.constantFrom('IDENTITY_KIND_CONTAINER', 'IDENTITY_KIND_HOST'),
      pod: text,
      labels: fc.dictionary(text, text),
      cpuRequestMillicores: fc.nat(4_294_967_295),
      memoryRequestBytes: digits64,
    });
    const batch = fc.record({
      node: fc.nat(),
      spec: fc.option(fc.record({ name: text, bootedAtS: digits64.map((digits) => digits.slice(0, 18)) })),
      resetDictionary: fc.boolean(),
      identities: fc.array(identity, { maxLength: 4 }),
      cpuUs: bytes,
      source: fc.constantFrom('SOURCE_UNSPECIFIED', 'SOURCE_BPF'),
    });
    const report = defaultProtocol().service(telemetry.TelemetryService.typeName)['Report'];
    fc.assert(
      fc.property(batch, (value) => {
        const json = JSON.parse(JSON.stringify(messageToJson(NodeBatch, value))) as JsonValue;
        const overJson = messageFromJson(NodeBatch, json, { unknownFields: 'refuse' });
        const wire = report?.requestSerialize({ batch: { nodes: [value] } }) as Buffer;
        const overGrpc = report?.requestDeserialize(wire) as telemetry.ReportRequest;
        expect(overJson).toEqual(overGrpc.batch?.nodes[0]);
      }),
    );
  });

  it('never crashes on JSON that nobody expects: it reads it or refuses it as an invalid argument', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('i64', 'u32', 'd', 'raw', 'color', 'byName', 'nested', 'many'),
        (value, name) => {
          try {
            read({ [name]: value });
          } catch (error) {
            expect(error).toMatchObject({ code: 'invalid_argument' });
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    ['int64 as a number', { i64: 5 }, { i64: '5' }],
    ['int64 beyond 2^53 as a string', { i64: '-9223372036854775808' }, { i64: '-9223372036854775808' }],
    ['uint64 at its end', { u64: '18446744073709551615' }, { u64: '18446744073709551615' }],
    ['an exponent that is whole', { i32: 1e3, u32: '1e2' }, { i32: 1000, u32: 100 }],
    ['int32 as a string', { i32: '-7' }, { i32: -7 }],
    ['special doubles', { d: 'Infinity', f: '-Infinity' }, { d: Infinity, f: -Infinity }],
    ['a double as a string', { d: '1.5' }, { d: 1.5 }],
    ['url-safe base64 without padding', { raw: '_-8' }, { raw: Buffer.from([0xff, 0xef]) }],
    ['an enumeration by number', { color: 3 }, { color: 'GREEN' }],
    ['an unknown number of an enumeration', { color: 9 }, { color: 9 }],
    ['null as the default', { s: null, many: null, nested: null }, { s: '', many: [], nested: null }],
    ['the original name of a field', { by_name: { a: 1 } }, { byName: { a: 1 } }],
    ['an optional field', { maybe: 0 }, { maybe: 0 }],
    ['one of several', { right: 4 }, { right: 4, pick: 'right' }],
  ])('reads %s', (_, json, expected) => {
    expect(read(json)).toMatchObject(expected);
  });

  it.each([
    ['a fraction for an integer', { i32: 1.5 }],
    ['an integer beyond its range', { u32: 4_294_967_296 }],
    ['a negative unsigned', { u64: '-1' }],
    ['a number above 2^53, whose digits are lost already', { i64: 2 ** 60 + 1 }],
    ['an empty string for a number', { i32: '' }],
    ['blanks around a number', { i32: ' 5' }],
    ['hexadecimal', { i32: '0x10' }],
    ['a float that is too large', { f: 1e300 }],
    ['a text for a truth', { b: 'true' }],
    ['a number for a text', { s: 5 }],
    ['half of a surrogate pair', { s: '\ud800' }],
    ['no base64', { raw: '***' }],
    ['an unknown name of an enumeration', { color: 'BLUE' }],
    ['the name of a method of all objects', { color: 'toString' }],
    ['null within an array', { many: [null] }],
    ['an array for a map', { byName: [] }],
    ['both of a oneof', { left: 'a', right: 1 }],
    ['a field by both of its names', { by_name: {}, byName: {} }],
    ['an unknown field', { unknown: 1 }],
  ])('refuses %s', (_, json) => {
    expect(codeOf(() => read(json))).toBe('invalid_argument');
  });

  it('refuses endless nesting', () => {
    let json: JsonValue = {};
    for (let depth = 0; depth < 5_000; depth += 1) json = { nested: json };
    expect(codeOf(() => read(json))).toBe('invalid_argument');
  });

  it('ignores unknown fields where it is told to', () => {
    const options = { unknownFields: 'ignore' } as const;
    expect(messageFromJson(All, { unknown: { a: [1] }, s: 'x' }, options)).toMatchObject({ s: 'x' });
  });

  it('writes absent alternatives not at all, and defaults always', () => {
    expect(messageToJson(ReportRequest, {})).toEqual({});
    expect(messageToJson(All, { d: NaN, i64: 5n })).toMatchObject({
      d: 'NaN',
      i64: '5',
      u64: '0',
      color: 'RED',
    });
  });
});
