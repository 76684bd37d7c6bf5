import { afterEach, describe, expect, it } from '@jest/globals';
import {
  enrolment,
  fixedTls,
  implement,
  inventory,
  RpcChannel,
  RpcError,
  RpcServer,
  telemetry,
  type Handlers,
  type Implementation,
  type RpcServerOptions,
} from '@kubehero/rpc';
import { silentLogger, sleep } from '@kubehero/runtime';
import { acknowledgeAll, streamService } from '../../../support/echo-service.js';
import { makeTestAuthority } from '../../../support/test-authority.js';

const cleanUps: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Pair {
  readonly server: RpcServer;
  readonly channel: RpcChannel;
}

async function connect(
  services: readonly Implementation[],
  options: Partial<RpcServerOptions> = {},
): Promise<Pair> {
  const test = await makeTestAuthority();
  const server = new RpcServer({
    listen: { host: '127.0.0.1', port: 0 },
    tls: fixedTls(test.serverTls),
    services,
    logger: silentLogger,
    ...options,
  });
  await server.start();
  const tls = fixedTls(await test.clusterTls('c1'));
  const channel = new RpcChannel({ target: `127.0.0.1:${server.port}`, tls });
  cleanUps.push(() => server.stop());
  cleanUps.push(() => {
    channel.close();
  });
  return { server, channel };
}

function enrolWith(
  handler: Handlers<NonNullable<(typeof enrolment.EnrolmentService)['shape']>>['Enrol'],
): Implementation {
  return implement(enrolment.EnrolmentService, { Enrol: handler });
}

class DomainError extends Error {
  readonly code = 'POLICY_IS_ARMED';
}

describe('unary calls', () => {
  it('carries the code and message of an RpcError, and of domain errors by the table', async () => {
    const { channel } = await connect(
      [
        enrolWith((request) => {
          if (request.role === 'rpc') throw new RpcError('not_found', 'no such cluster');
          throw new DomainError('the policy is armed');
        }),
      ],
      { errorCodes: { POLICY_IS_ARMED: 'failed_precondition' } },
    );
    const client = channel.client(enrolment.EnrolmentService);
    await expect(client.Enrol({ role: 'rpc' })).rejects.toMatchObject({
      code: 'not_found',
      message: 'no such cluster',
    });
    await expect(client.Enrol({})).rejects.toMatchObject({
      code: 'failed_precondition',
      message: 'the policy is armed',
    });
  });

  it('tells a caller nothing about an unexpected error, and the log everything', async () => {
    const logged: unknown[] = [];
    const logger = { error: (_: string, fields: object): void => void logged.push(fields) };
    const secret = new Error('password=hunter2');
    const { channel } = await connect(
      [
        enrolWith(() => {
          throw secret;
        }),
      ],
      { logger },
    );
    await expect(channel.client(enrolment.EnrolmentService).Enrol({})).rejects.toMatchObject({
      code: 'internal',
      message: 'internal error',
    });
    expect(logged).toEqual([
      { service: 'kubehero.enrolment.v1.EnrolmentService', method: 'Enrol', error: secret },
    ]);
  });

  it('ends at its deadline and tells the handler', async () => {
    let aborted: Promise<void> = Promise.reject(new Error('never called'));
    aborted.catch(() => undefined);
    const { channel } = await connect([
      enrolWith(async (_, context) => {
        aborted = new Promise((resolve) => {
          context.signal.addEventListener('abort', () => {
            resolve();
          });
        });
        expect(context.deadlineAt?.getTime()).toBeGreaterThan(Date.now());
        await aborted;
        return {};
      }),
    ]);
    const call = channel.client(enrolment.EnrolmentService).Enrol({}, { timeoutMs: 300 });
    await expect(call).rejects.toMatchObject({ code: 'deadline_exceeded' });
    await expect(aborted).resolves.toBeUndefined();
  });

  it('is canceled by the signal of its caller', async () => {
    const { channel } = await connect([enrolWith(() => new Promise(() => undefined))]);
    const stop = new AbortController();
    const call = channel.client(enrolment.EnrolmentService).Enrol({}, { signal: stop.signal });
    setTimeout(() => {
      stop.abort();
    }, 100);
    await expect(call).rejects.toMatchObject({ code: 'canceled' });
  });

  it('refuses a message that is too large, and goes on with the next', async () => {
    const { channel } = await connect([enrolWith(() => Promise.resolve({}))], { maxRequestBytes: 10_000 });
    const client = channel.client(enrolment.EnrolmentService);
    const large = client.Enrol({ csr: new Uint8Array(10_001) });
    await expect(large).rejects.toMatchObject({ code: 'resource_exhausted' });
    await expect(client.Enrol({ csr: new Uint8Array(9_000) })).resolves.toBeDefined();
  });

  it('fails at once where nobody listens, and works as soon as somebody does', async () => {
    const test = await makeTestAuthority();
    const tls = fixedTls(await test.clusterTls('c1'));
    const make = (port: number): RpcServer =>
      new RpcServer({
        listen: { host: '127.0.0.1', port },
        tls: fixedTls(test.serverTls),
        services: [enrolWith(() => Promise.resolve({}))],
        logger: silentLogger,
      });
    const first = make(0);
    await first.start();
    const { port } = first;
    await first.stop();
    const channel = new RpcChannel({ target: `127.0.0.1:${port}`, tls, maxBackoffMs: 500 });
    cleanUps.push(() => {
      channel.close();
    });
    const client = channel.client(enrolment.EnrolmentService);
    await expect(client.Enrol({})).rejects.toMatchObject({ code: 'unavailable' });
    const second = make(port);
    await second.start();
    cleanUps.push(() => second.stop(AbortSignal.timeout(5000))); // a handshake under way then would keep it open
    let answered = false;
    for (let attempt = 0; attempt < 50 && !answered; attempt += 1) {
      answered = await client.Enrol({}).then(
        () => true,
        () => sleep(100).then(() => false),
      );
    }
    expect(answered).toBe(true);
  });

  it('says in one sentence that a port is in use', async () => {
    const { server } = await connect([enrolWith(() => Promise.resolve({}))]);
    const test = await makeTestAuthority();
    const second = new RpcServer({
      listen: { host: '127.0.0.1', port: server.port },
      tls: fixedTls(test.serverTls),
      services: [],
      logger: silentLogger,
    });
    await expect(second.start()).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: expect.stringMatching(/cannot listen on 127\.0\.0\.1:\d+: .*--grpc/) as unknown,
    });
  });
});

describe('streams', () => {
  it('slows a fast sender down to a slow reader, with bounded memory', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let read = 0;
    const { channel } = await connect([
      streamService(async (stream) => {
        await gate;
        for await (const _ of stream.requests) read += 1;
      }),
    ]);
    const stream = channel.client(telemetry.TelemetryService).Report();
    const payload = new Uint8Array(256 * 1024);
    let sent = 0;
    const total = 200;
    const sending = (async (): Promise<void> => {
      for (let sequence = 1; sequence <= total; sequence += 1) {
        await stream.send({ batch: { sequence, nodes: [{ cpuUs: payload }] } });
        sent += 1;
      }
      stream.end();
    })();
    await sleep(1_500);
    const sentBeforeRead = sent;
    release();
    await sending;
    for await (const _ of stream.responses);
    expect(read).toBe(total);
    // 16 messages on either side and the windows between them: a fraction of the 50 MiB.
    expect(sentBeforeRead).toBeLessThan(60);
  });

  it('tells the client why the server ended the stream, also when it is sending', async () => {
    const { channel } = await connect([
      streamService(async (stream) => {
        for await (const _ of stream.requests) throw new RpcError('permission_denied', 'not your node');
      }),
    ]);
    const stream = channel.client(telemetry.TelemetryService).Report();
    await stream.send({ hello: { emitter: 'test' } });
    const read = async (): Promise<void> => {
      for await (const _ of stream.responses);
    };
    await expect(read()).rejects.toMatchObject({ code: 'permission_denied', message: 'not your node' });
    await expect(stream.send({ hello: {} })).rejects.toMatchObject({ code: 'permission_denied' });
    expect(stream.isOver()).toBe(true);
  });

  it('ends the requests of the handler with an error when the client goes away, with none when it is done', async () => {
    let outcome: (value: unknown) => void = () => undefined;
    const { channel } = await connect([
      streamService(async (stream, context) => {
        const told = outcome;
        try {
          await acknowledgeAll(stream, context);
          told('ended');
        } catch (error) {
          told((error as RpcError).code);
        }
      }),
    ]);
    for (let round = 0; round < 20; round += 1) {
      const ended = new Promise((resolve) => {
        outcome = resolve;
      });
      const stream = channel.client(telemetry.TelemetryService).Report();
      await stream.send({ batch: { sequence: 1 } });
      await stream.responses[Symbol.asyncIterator]().next();
      if (round % 2 === 0) stream.cancel();
      else stream.end();
      expect(await ended).toBe(round % 2 === 0 ? 'canceled' : 'ended');
    }
  });

  it('drains: open streams learn that the server stops, and it stops', async () => {
    const { server, channel } = await connect([streamService(acknowledgeAll)]);
    const stream = channel.client(telemetry.TelemetryService).Report();
    await stream.send({ batch: { sequence: 1 } });
    const answers = stream.responses[Symbol.asyncIterator]();
    await answers.next();
    const stopped = server.stop();
    await expect(answers.next()).rejects.toMatchObject({ code: 'unavailable' });
    await stopped;
  });

  it('cuts connections at the deadline of the stop', async () => {
    const { server, channel } = await connect([
      streamService(async (stream) => {
        for await (const _ of stream.requests) await new Promise(() => undefined);
      }),
    ]);
    const stream = channel.client(telemetry.TelemetryService).Report();
    await stream.send({ batch: { sequence: 1 } });
    await sleep(100);
    const deadline = new AbortController();
    deadline.abort();
    await expect(server.stop(deadline.signal)).resolves.toBeUndefined();
  });

  it('serves a stream of answers until the client has enough', async () => {
    let stopped = false;
    const { channel } = await connect([
      implement(inventory.InventoryService, {
        Report: () => Promise.resolve(),
        WatchTopology: async function* (request, context) {
          try {
            for (let version = 1; !context.signal.aborted; version += 1) {
              yield { version, prefixes: [{ cidr: request.nodeUid, networkClass: 2 }] };
              await sleep(5);
            }
          } finally {
            stopped = true;
          }
        },
      }),
    ]);
    const versions: string[] = [];
    const watch = channel.client(inventory.InventoryService).WatchTopology({ nodeUid: '10.0.0.0/8' });
    for await (const topology of watch) {
      versions.push(topology.version);
      expect(topology.prefixes).toEqual([{ cidr: '10.0.0.0/8', networkClass: 2 }]);
      if (versions.length === 3) break;
    }
    expect(versions).toEqual(['1', '2', '3']);
    for (let attempt = 0; attempt < 100 && !stopped; attempt += 1) await sleep(20);
    expect(stopped).toBe(true);
  });
});
