import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connectValkey, inProcessBus, type LiveBus, type LiveBusError } from '@kubehero/store-valkey';
import { setTimeout as delay } from 'node:timers/promises';
import { describeWith, valkeyServer } from '../../../../support/requirements.js';
import { TestValkey } from '../../../../support/valkey-server.js';
import { waitUntil } from '../../../../support/wait-until.js';

const PASSWORD = 'a-password-of-tests';
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** The contract that both buses keep. */
function keepsTheContract(open: (faults: LiveBusError[]) => Promise<LiveBus>): void {
  let bus: LiveBus;
  let faults: LiveBusError[];

  beforeEach(async () => {
    faults = [];
    bus = await open(faults);
  });

  afterEach(async () => {
    await bus.close();
  });

  it('hands each message to every subscriber of its channel, in order, and to nobody else', async () => {
    const first: string[] = [];
    const second: string[] = [];
    const other: string[] = [];
    await bus.subscribe('order', (message) => first.push(text(message)));
    await bus.subscribe('order', (message) => second.push(text(message)));
    await bus.subscribe('another', (message) => other.push(text(message)));

    const sent = Array.from({ length: 100 }, (_, index) => `message ${index}`);
    for (const message of sent) bus.publish('order', message);
    await waitUntil('the last message arrived', () => second.length === sent.length);

    expect(first).toEqual(sent);
    expect(second).toEqual(sent);
    expect(other).toEqual([]);
  });

  it('carries bytes that are no text, and a buffer that is filled again at once', async () => {
    const got: Uint8Array[] = [];
    await bus.subscribe('bytes', (message) => got.push(message));
    const buffer = Uint8Array.from([0, 1, 254, 255, 0xc3, 0x28]);
    bus.publish('bytes', buffer);
    buffer.fill(7);
    await waitUntil('the bytes arrived', () => got.length === 1);
    expect([...(got[0] ?? [])]).toEqual([0, 1, 254, 255, 0xc3, 0x28]);
  });

  it('hands nothing over after the subscription ended, while others go on', async () => {
    const ended: string[] = [];
    const staying: string[] = [];
    const end = await bus.subscribe('ending', (message) => ended.push(text(message)));
    await bus.subscribe('ending', (message) => staying.push(text(message)));
    await end();
    await end();
    bus.publish('ending', 'late');
    await waitUntil('the message arrived', () => staying.length === 1);
    expect(ended).toEqual([]);
  });

  it('reports a listener that throws and still hands the message to the next one', async () => {
    const got: string[] = [];
    await bus.subscribe('throwing', () => {
      throw new Error('of the listener');
    });
    await bus.subscribe('throwing', (message) => got.push(text(message)));
    bus.publish('throwing', 'one');
    await waitUntil('the message arrived', () => got.length === 1);
    expect(faults.map(({ code }) => code)).toEqual(['LISTENER_FAILED']);
  });

  it('gives back what was cached until its time is over', async () => {
    await bus.cacheSet('key', 'value with ünïcode', 60_000);
    await bus.cacheSet('short', 'gone soon', 30);
    expect(await bus.cacheGet('key')).toBe('value with ünïcode');
    await bus.cacheSet('key', 'newer', 60_000);
    expect(await bus.cacheGet('key')).toBe('newer');
    await delay(60);
    expect(await bus.cacheGet('short')).toBeUndefined();
    expect(await bus.cacheGet('never set')).toBeUndefined();
  });

  it('is connected until it is closed, and then drops everything without an error', async () => {
    expect(bus.health()).toMatchObject({ connected: true, droppedMessages: 0, failedCacheCalls: 0 });
    await bus.close();
    bus.publish('closed', 'x');
    await bus.cacheSet('closed', 'x', 1000);
    expect(await bus.cacheGet('closed')).toBeUndefined();
    const end = await bus.subscribe('closed', () => undefined);
    await end();
    await bus.close();
    expect(bus.health().connected).toBe(false);
  });
}

describe('the in-process bus', () => {
  keepsTheContract(async (faults) => inProcessBus({ onFault: (error) => faults.push(error) }));

  it('holds no more cached values than its bound, and loses the least recently used first', async () => {
    const bus = inProcessBus({ onFault: () => undefined, maxCachedValues: 2 });
    await bus.cacheSet('a', '1', 1000);
    await bus.cacheSet('b', '2', 1000);
    await bus.cacheGet('a');
    await bus.cacheSet('c', '3', 1000);
    expect(await bus.cacheGet('a')).toBe('1');
    expect(await bus.cacheGet('b')).toBeUndefined();
    expect(await bus.cacheGet('c')).toBe('3');
    await bus.close();
  });
});

describeWith([valkeyServer], 'the bus over a Valkey server', () => {
  let server: TestValkey;

  beforeAll(async () => {
    server = await TestValkey.start({ password: PASSWORD });
  });

  afterAll(async () => {
    await server.stop();
  });

  const open = async (faults: LiveBusError[] = []): Promise<LiveBus> => {
    const bus = connectValkey({
      url: server.url,
      password: PASSWORD,
      onFault: (error) => faults.push(error),
    });
    await waitUntil('the bus is connected', () => bus.health().connected);
    return bus;
  };

  keepsTheContract(open);

  it('carries messages and cached values between processes', async () => {
    const here = await open();
    const there = await open();
    const got: string[] = [];
    await there.subscribe('between', (message) => got.push(text(message)));
    here.publish('between', 'hello');
    await here.cacheSet('between', 'cached', 10_000);
    await waitUntil('the message arrived', () => got.length === 1);
    expect(await there.cacheGet('between')).toBe('cached');
    await Promise.all([here.close(), there.close()]);
  });
});
