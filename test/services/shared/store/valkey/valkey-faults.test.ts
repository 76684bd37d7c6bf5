import { afterEach, expect, it } from '@jest/globals';
import { connectValkey, type LiveBus, type LiveBusError, type ValkeyOptions } from '@kubehero/store-valkey';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findFreePort } from '../../../../support/free-port.js';
import { describeWith, valkeyServer } from '../../../../support/requirements.js';
import { TestValkey } from '../../../../support/valkey-server.js';
import { waitUntil } from '../../../../support/wait-until.js';

const PASSWORD = 'a-password-of-tests';
const PRIMARY_NAME = 'kubehero';
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describeWith([valkeyServer], 'the bus when its Valkey fails', () => {
  const buses: LiveBus[] = [];
  const servers: TestValkey[] = [];
  const faults: LiveBusError[] = [];

  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    faults.length = 0;
  });

  const start = async (replicaOf?: TestValkey): Promise<TestValkey> => {
    const primary = replicaOf === undefined ? {} : { replicaOf: replicaOf.port };
    const server = await TestValkey.start({ password: PASSWORD, ...primary });
    servers.push(server);
    return server;
  };

  const open = (options: Partial<ValkeyOptions>): LiveBus => {
    const bus = connectValkey({ password: PASSWORD, onFault: (error) => faults.push(error), ...options });
    buses.push(bus);
    return bus;
  };

  const arrivesAgain = async (bus: LiveBus, got: string[], message: string): Promise<void> => {
    await waitUntil(`'${message}' arrived`, () => {
      bus.publish('ticks', message);
      return got.includes(message);
    });
  };

  it('drops, answers no cache call and throws nothing while the server is killed, then goes on by itself', async () => {
    const server = await start();
    const bus = open({ url: server.url });
    await waitUntil('connected', () => bus.health().connected);
    const got: string[] = [];
    await bus.subscribe('ticks', (message) => got.push(text(message)));
    await arrivesAgain(bus, got, 'before');
    await bus.cacheSet('key', 'value', 60_000);

    await server.kill();
    expect(await bus.cacheGet('key')).toBeUndefined();
    await waitUntil('the loss is noticed', () => !bus.health().connected);
    const { droppedMessages } = bus.health();
    bus.publish('ticks', 'lost');
    await bus.cacheSet('key', 'lost', 1000);
    expect(bus.health()).toMatchObject({ droppedMessages: droppedMessages + 1, disconnects: 1 });
    expect(faults.map(({ code }) => code)).toEqual(['UNREACHABLE']);

    await server.launch();
    await waitUntil('connected again', () => bus.health().connected);
    await arrivesAgain(bus, got, 'after');
    await bus.cacheSet('key', 'new', 60_000);
    expect(await bus.cacheGet('key')).toBe('new');
    expect(got).not.toContain('lost');
  });

  it('connects when the server comes up after it, with the subscriptions made meanwhile', async () => {
    const port = await findFreePort();
    const bus = open({ url: `valkey://127.0.0.1:${port}` });
    const got: string[] = [];
    await bus.subscribe('ticks', (message) => got.push(text(message)));
    bus.publish('ticks', 'too early');
    await waitUntil('the absence is reported', () => faults.length === 1);
    expect(bus.health()).toMatchObject({ connected: false, droppedMessages: 1 });

    servers.push(await TestValkey.start({ password: PASSWORD, port }));
    await waitUntil('connected', () => bus.health().connected);
    await arrivesAgain(bus, got, 'now');
    expect(got).not.toContain('too early');
  });

  it('says that a password is wrong without saying the password', async () => {
    const server = await start();
    open({ url: server.url, password: 'not-the-password' });
    await waitUntil('the refusal is reported', () => faults.length === 1);
    expect(faults[0]?.message).toMatch(/WRONGPASS|Authentication/i);
    expect(faults[0]?.message).not.toContain('not-the-password');
  });

  it.each(['http://127.0.0.1:1', 'valkey://user:secret@127.0.0.1', 'valkey://h:99999', ''])(
    "refuses '%s' as a url",
    (url) => {
      expect(() => connectValkey({ url, onFault: () => undefined })).toThrow('not a valkey url');
    },
  );

  it('follows the sentinels to another primary when the first is killed', async () => {
    const primary = await start();
    const replica = await start(primary);
    const sentinel = await TestValkey.startSentinel(PRIMARY_NAME, primary, PASSWORD);
    servers.push(sentinel);
    const deadSentinel = { host: '127.0.0.1', port: await findFreePort() };
    const sentinels = [deadSentinel, { host: '127.0.0.1', port: sentinel.port }];
    const bus = open({ sentinels, primaryName: PRIMARY_NAME });
    const got: string[] = [];
    await bus.subscribe('ticks', (message) => got.push(text(message)));
    await arrivesAgain(bus, got, 'before');
    expect(bus.health().primary).toBe(`127.0.0.1:${primary.port}`);
    await sentinelKnowsReplica(sentinel, replica);

    await primary.kill();
    await waitUntil('the replica is the primary', () => {
      const health = bus.health();
      return health.connected && health.primary === `127.0.0.1:${replica.port}`;
    });
    await arrivesAgain(bus, got, 'after');
    await bus.cacheSet('key', 'on the new primary', 60_000);
    expect(await bus.cacheGet('key')).toBe('on the new primary');
  });

  it('lets its process end once it is closed', async () => {
    const server = await start();
    const program = `
      import { connectValkey } from '@kubehero/store-valkey';
      const bus = connectValkey({ url: '${server.url}', password: '${PASSWORD}', onFault: () => undefined });
      while (!bus.health().connected) await new Promise((resolve) => setTimeout(resolve, 10));
      await bus.subscribe('ticks', () => undefined);
      await bus.close();
      console.log('closed');`;
    const node = promisify(execFile);
    const { stdout, stderr } = await node(process.execPath, ['--input-type=module', '--eval', program], {
      timeout: 20_000,
    });
    expect({ stdout, stderr }).toEqual({ stdout: 'closed\n', stderr: '' });
  });
});

/** A failover needs a replica that the sentinel has found; it looks every ten seconds at the primary. */
async function sentinelKnowsReplica(sentinel: TestValkey, replica: TestValkey): Promise<void> {
  const { GlideClient, NodeDiscoveryMode } = await import('@valkey/valkey-glide');
  const client = await GlideClient.createClient({
    addresses: [{ host: '127.0.0.1', port: sentinel.port }],
    credentials: { password: PASSWORD },
    nodeDiscoveryMode: NodeDiscoveryMode.Static,
  });
  await waitUntil(
    'the sentinel knows the replica',
    async () => {
      const answer = await client.customCommand(['SENTINEL', 'REPLICAS', PRIMARY_NAME]);
      return JSON.stringify(answer).includes(`"${replica.port}"`);
    },
    30_000,
  );
  client.close();
}
