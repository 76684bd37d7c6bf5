import { describe, expect, it } from '@jest/globals';
import { canonicalJson, firstPreviousHash, hashOfAction } from '@kubehero/domain';
import { createHash } from 'node:crypto';

describe('canonical JSON', () => {
  it('has one text for one value, as RFC 8785 says', () => {
    expect(canonicalJson({ b: [1, 'ü', null, true], a: { z: 1e21, y: '"\n' } })).toBe(
      '{"a":{"y":"\\"\\n","z":1e+21},"b":[1,"ü",null,true]}',
    );
    expect(canonicalJson({ '€': 1, $: 2, '😀': 3, ﬃ: 4 })).toBe('{"$":2,"€":1,"😀":3,"ﬃ":4}');
  });
});

describe('the hash of an action', () => {
  const action = {
    sequence: '1',
    at: '2026-11-23T00:00:00.000Z',
    policyUid: 'u',
    policyName: 'team-web',
    action: 'Deny',
    object: null,
    reason: 'because',
    beforeJson: '',
    afterJson: '{}',
    previousHash: firstPreviousHash,
  };

  it('is SHA-256 over the canonical JSON, so that anybody can work it out', () => {
    const text =
      '{"action":"Deny","afterJson":"{}","at":"2026-11-23T00:00:00.000Z","beforeJson":"","object":null,' +
      `"policyName":"team-web","policyUid":"u","previousHash":"${'0'.repeat(64)}","reason":"because","sequence":"1"}`;
    expect(hashOfAction(action).toString('hex')).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('covers every field, and nothing that a transport adds', () => {
    const hash = hashOfAction(action).toString('hex');
    for (const key of Object.keys(action).filter((each) => each !== 'object' && each !== 'previousHash')) {
      expect(hashOfAction({ ...action, [key]: 'other' }).toString('hex')).not.toBe(hash);
    }
    expect(hashOfAction({ ...action, previousHash: Buffer.alloc(32, 1) }).toString('hex')).not.toBe(hash);
    expect(hashOfAction({ ...action, more: 1 } as typeof action).toString('hex')).toBe(hash);
  });
});
