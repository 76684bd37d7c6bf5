import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tryFindActionFault } from '@kubehero/domain';
import { AuditChain, type Action } from '@kubehero/operator';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const action = (name: string): Action => ({
  policyUid: 'uid',
  policyName: 'team-web',
  action: 'Scale',
  object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'web', name, uid: name, action: 'Scaled' },
  reason: '512 USD were spent, over the ceiling of 500 USD',
  beforeJson: '3',
  afterJson: '0',
});
const witness = { kind: 'Deployment', namespace: 'web', name: 'a', uid: 'a', expects: 'present' } as const;

describe('the chain of actions', () => {
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'kubehero-chain-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  const file = (): string => join(dir, 'actions.jsonl');

  it('goes on where it was after a restart, whole and signed by the same key', async () => {
    const first = await AuditChain.open({ dir });
    await Promise.all([first.append(action('a')), first.append(action('b'))]);
    await first.close();
    const second = await AuditChain.open({ dir });
    await second.append(action('c'));

    const records = await second.pending(0n, 10);

    expect(records.map(({ sequence, object }) => `${sequence} ${object?.name}`)).toEqual([
      '1 a',
      '2 b',
      '3 c',
    ]);
    expect(tryFindActionFault(records, second.publicKey)).toBeUndefined();
    expect(second.keyId).toBe(first.keyId);
    await second.close();
  });

  it('shows what was changed, left out or put in', async () => {
    const chain = await AuditChain.open({ dir });
    for (const name of ['a', 'b', 'c']) await chain.append(action(name));
    const [a, b, c] = await chain.pending(0n, 10);
    if (!a || !b || !c) throw new Error('three records were added');
    const key = chain.publicKey;
    await chain.close();

    expect(tryFindActionFault([a, { ...b, reason: 'nothing' }, c], key)).toEqual({
      sequence: '2',
      fault: 'WRONG_HASH',
    });
    expect(tryFindActionFault([a, c], key)).toEqual({ sequence: '3', fault: 'GAP' });
    expect(tryFindActionFault([a, { ...b, signature: a.signature }], key)?.fault).toBe('WRONG_SIGNATURE');
    expect(tryFindActionFault([{ ...a, keyId: 'other' }], key)?.fault).toBe('WRONG_KEY');
  });

  it('keeps what nobody acknowledged, and forgets the rest without a break', async () => {
    const chain = await AuditChain.open({ dir });
    for (let index = 0; index < 1200; index += 1) await chain.append(action(`n${index}`));
    const full = statSync(file()).size;
    await chain.ack(1100n);
    await chain.close();

    const again = await AuditChain.open({ dir });
    const rest = await again.pending(0n, 1000);

    expect(statSync(file()).size).toBeLessThan(full / 5);
    expect(rest.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 100 }, (_, i) => String(1101 + i)),
    );
    const next = await again.append(action('next'));
    expect(tryFindActionFault([...rest, next], again.publicKey)).toBeUndefined();
    await again.ack(5000n);
    expect(await again.pending(0n, 10)).toEqual([]);
    expect((await again.append(action('last'))).sequence).toBe('1202');
    await again.close();
  });

  it('remembers what was announced until it is done or dropped', async () => {
    const chain = await AuditChain.open({ dir });
    const done = await chain.intend(action('a'), witness);
    const dropped = await chain.intend(action('b'), witness);
    await chain.intend(action('c'), witness);
    await chain.done(done);
    await chain.drop(dropped);
    await chain.close();

    const again = await AuditChain.open({ dir });

    expect(again.intents().map(({ action: { object } }) => object?.name)).toEqual(['c']);
    expect((await again.pending(0n, 10)).map(({ object }) => object?.name)).toEqual(['a']);
    await again.close();
  });

  it('takes an announced action for doubtful only when whoever announced it will not end it', async () => {
    const chain = await AuditChain.open({ dir });
    const announcing = chain.intend(action('a'), witness);
    const whileWritten = chain.doubtful();
    const intent = await announcing;
    const underWay = chain.doubtful();
    chain.leave(intent);
    const left = chain.doubtful();
    await chain.intend(action('b'), witness);
    await chain.close();

    expect([whileWritten, underWay, left]).toEqual([[], [], [intent]]);
    const next = await AuditChain.open({ dir });
    expect(next.doubtful().map(({ action: { object } }) => object?.name)).toEqual(['a', 'b']);
    await next.close();
  });

  it('cuts what a killed process left half written', async () => {
    const chain = await AuditChain.open({ dir });
    await chain.append(action('a'));
    await chain.close();
    appendFileSync(file(), '{"record":{"sequence":"2","at":"20');

    const again = await AuditChain.open({ dir });

    expect((await again.append(action('b'))).sequence).toBe('2');
    await again.close();
  });

  it('refuses a chain that somebody cut out of the middle of', async () => {
    const chain = await AuditChain.open({ dir });
    for (const name of ['a', 'b', 'c']) await chain.append(action(name));
    await chain.close();
    const lines = readFileSync(file(), 'utf8').split('\n');
    writeFileSync(file(), lines.filter((line) => !line.includes('"sequence":"2"')).join('\n'));

    await expect(AuditChain.open({ dir })).rejects.toMatchObject({ code: 'BROKEN' });
  });

  it('refuses to go on when too much waits to be stored', async () => {
    const chain = await AuditChain.open({ dir });
    await Promise.all(Array.from({ length: 20_000 }, (_, index) => chain.append(action(`n${index}`))));

    await expect(chain.intend(action('more'), witness)).rejects.toMatchObject({ code: 'FULL' });
    await chain.ack(1n);
    await expect(chain.intend(action('more'), witness)).resolves.toBeDefined();
    await chain.close();
  });
});
