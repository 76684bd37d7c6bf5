import { describe, expect, it } from '@jest/globals';
import { PrefixTable, tryParseAddressPrefix, type AddressPrefix } from '@kubehero/domain';
import fc from 'fast-check';

const parse = (text: string): AddressPrefix => {
  const prefix = tryParseAddressPrefix(text);
  if (prefix === undefined) throw new Error(`'${text}' is no prefix`);
  return prefix;
};

describe('a table of address prefixes', () => {
  it('answers with the most specific block, of the same family', () => {
    const table = new PrefixTable<string>();
    for (const cidr of ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '10.1.2.3', '::/0', 'fd00:1::/32'])
      table.set(parse(cidr), cidr);

    const found = ['10.9.9.9', '10.1.9.9', '10.1.2.9', '10.1.2.3', '11.0.0.1', 'fd00:1::9', 'fd00:2::'].map(
      (address) => table.tryFind(parse(address)),
    );

    expect(found).toEqual([
      '10.0.0.0/8',
      '10.1.0.0/16',
      '10.1.2.0/24',
      '10.1.2.3',
      undefined,
      'fd00:1::/32',
      '::/0',
    ]);
  });

  it('agrees with a search of everything', () => {
    const octet = fc.integer({ min: 0, max: 3 });
    const address = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'));
    const block = fc.tuple(address, fc.integer({ min: 0, max: 32 })).map(([a, bits]) => `${a}/${bits}`);
    const contains = (cidr: AddressPrefix, at: AddressPrefix): boolean =>
      Buffer.from(parse(`${at.address.join('.')}/${cidr.bits}`).address).equals(Buffer.from(cidr.address));
    fc.assert(
      fc.property(fc.array(block, { maxLength: 30 }), address, (blocks, at) => {
        const table = new PrefixTable<number>();
        for (const cidr of blocks) table.set(parse(cidr), parse(cidr).bits);
        const slow = blocks.map(parse).filter((cidr) => contains(cidr, parse(at)));
        const longest = slow.length === 0 ? undefined : Math.max(...slow.map(({ bits }) => bits));
        expect(table.tryFind(parse(at))).toBe(longest);
      }),
    );
  });

  it.each(['', 'node-1', '10.0.0.0/33', '10.0.0.0/', 'fd00::/129', 'ip-10-0-0-1.internal', '10.0.0.0/8/8'])(
    'takes %p for no prefix',
    (text) => {
      expect(tryParseAddressPrefix(text)).toBeUndefined();
    },
  );
});
