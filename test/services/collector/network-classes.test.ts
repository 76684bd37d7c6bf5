import { describe, expect, it } from '@jest/globals';
import {
  buildPrefixes,
  parsePrefix,
  PrefixError,
} from '../../../services/collector/cgroups/network-classes.js';

describe('prefixes of network classes', () => {
  it.each([
    ['10.1.2.3/8', [10, 0, 0, 0], 8],
    ['192.168.255.255/23', [192, 168, 254, 0], 23],
    ['203.0.113.9', [203, 0, 113, 9], 32],
    ['0.0.0.0/0', [0, 0, 0, 0], 0],
    ['2001:db8::1/48', [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 48],
    ['::1', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 128],
    ['::ffff:10.0.0.1', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1], 128],
    ['1:2:3:4:5:6:7:8/128', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8], 128],
  ])('reads %s', (cidr, address, bits) => {
    const prefix = parsePrefix({ cidr, networkClass: 2 });
    expect([[...prefix.address], prefix.bits]).toEqual([address, bits]);
  });

  it.each(['', '10.0.0.0/33', '10.0.0/8', 'fd00::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', 'host'])(
    'refuses %p',
    (cidr) => {
      expect(() => parsePrefix({ cidr, networkClass: 2 })).toThrow(PrefixError);
    },
  );

  it('refuses a class that there is not', () => {
    expect(() => parsePrefix({ cidr: '10.0.0.0/8', networkClass: 5 })).toThrow(PrefixError);
  });

  it('put own addresses last, so that they win over the topology', () => {
    const prefixes = buildPrefixes([{ cidr: '10.0.0.4/32', networkClass: 3 }], ['10.0.0.4']);
    expect(prefixes.at(-1)).toMatchObject({ bits: 32, networkClass: 1 });
  });
});
