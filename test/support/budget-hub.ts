import {
  budget,
  enrolmentService,
  fixedTls,
  implement,
  inventory,
  RpcServer,
  type Implementation,
  type ServerStream,
} from '@kubehero/rpc';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeTestAuthority, type TestAuthority } from './test-authority.js';

type FollowStream = ServerStream<budget.FollowRequest, budget.FollowResponseInput>;
type ReportStream = ServerStream<inventory.InventoryReport, inventory.InventoryReceiptInput>;

/** A verdict with what a test says differently. */
export type VerdictInput = budget.VerdictInput & { readonly policyUid: string };

/**
 * The hub's side of budgets and inventory over real mutual TLS, without stores: remembers what operators say, sends
 * what the test tells it to, and does what the protocol demands of a hub: answers Hello with what is in force and
 * Synced, records with receipts.
 */
export class BudgetHub {
  readonly hellos: budget.Hello[] = [];
  authored: readonly budget.AuthoredPolicy[] = [];
  readonly enforcement = new Map<string, budget.Enforcement>();
  readonly reports: budget.Enforcement[] = [];
  /** By key and sequence: a record that comes twice is one. */
  readonly actions = new Map<string, budget.ActionRecord>();
  readonly inventory = new Map<
    string,
    { readonly kind: string; readonly name: string; readonly record: object }
  >();
  /** How long a record takes to be stored. */
  storingMs = 0;
  listings = 0;
  /** What is in force, by policy. */
  readonly verdicts = new Map<string, VerdictInput>();
  /** Reads a verdict's epoch where the test gives none. */
  epoch = 1;
  #version = 0;
  #server: RpcServer | undefined;
  #port = 0;
  /** One message after another, as a hub sends them. */
  #sending: Promise<void> = Promise.resolve();
  readonly #streams = new Set<FollowStream>();

  private constructor(
    private readonly authority: TestAuthority,
    /** Files that an operator is given. */
    readonly files: { readonly caFile: string; readonly certFile: string; readonly keyFile: string },
  ) {}

  /** Starts a hub that knows one cluster; its files are written into a folder. */
  static async start(dir: string, clusterId: string): Promise<BudgetHub> {
    const authority = await makeTestAuthority();
    const tls = await authority.clusterTls(clusterId);
    const files = {
      caFile: join(dir, 'hub-ca.pem'),
      certFile: join(dir, 'cluster.pem'),
      keyFile: join(dir, 'cluster-key.pem'),
    };
    writeFileSync(files.caFile, tls.caBundlePem);
    writeFileSync(files.certFile, tls.certificateChainPem);
    writeFileSync(files.keyFile, tls.privateKeyPem, { mode: 0o600 });
    const hub = new BudgetHub(authority, files);
    await hub.comeBack();
    return hub;
  }

  /** `host:port` for operators. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** True while an operator is connected. */
  get isFollowed(): boolean {
    return this.#streams.size > 0;
  }

  /** Stops listening and cuts every stream. */
  async goAway(): Promise<void> {
    await this.#server?.stop(AbortSignal.timeout(50));
    this.#server = undefined;
  }

  /** Listens again on the same port. */
  async comeBack(): Promise<void> {
    this.#server = new RpcServer({
      listen: { host: '127.0.0.1', port: this.#port },
      tls: fixedTls(this.authority.serverTls),
      services: this.#services(),
      logger: { error: (message, fields) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`) },
    });
    await this.#server.start();
    this.#port = this.#server.port;
  }

  /** Puts a verdict in force and sends it to everybody who follows. */
  async judge(verdict: VerdictInput): Promise<void> {
    const whole = {
      epoch: this.epoch,
      version: ++this.#version,
      currency: 'USD',
      ceilingPicounits: '10000000000000',
      spendPicounits: '0',
      burnPerHourPicounits: '0',
      spentThroughS: Math.floor(Date.now() / 1000),
      ...verdict,
    };
    this.verdicts.set(verdict.policyUid, whole);
    await this.send({ verdict: whole });
  }

  /** Sends something to everybody who follows. */
  async send(response: budget.FollowResponseInput): Promise<void> {
    this.#sending = this.#sending.then(async () => {
      for (const stream of this.#streams) await stream.send(response);
    });
    await this.#sending;
  }

  #services(): Implementation[] {
    return [
      enrolmentService({ authority: this.authority.authority, isAllowed: () => Promise.resolve(true) }),
      implement(budget.BudgetService, { Follow: (stream) => this.#follow(stream) }),
      implement(inventory.InventoryService, {
        Report: (stream) => this.#report(stream),
        // No topology is known here.
        WatchTopology: async function* () {
          await Promise.resolve();
        },
      }),
    ];
  }

  async #follow(stream: FollowStream): Promise<void> {
    this.#streams.add(stream);
    try {
      for await (const request of stream.requests) await this.#take(stream, request);
    } finally {
      this.#streams.delete(stream);
    }
  }

  async #take(stream: FollowStream, request: budget.FollowRequest): Promise<void> {
    const { hello, authored, enforcement, action } = request;
    if (hello !== undefined) {
      this.hellos.push(hello);
      for (const verdict of this.verdicts.values()) await stream.send({ verdict });
      await stream.send({ synced: { epoch: this.epoch, policyUids: [...this.verdicts.keys()] } });
    }
    if (authored !== undefined) this.authored = authored.policies;
    if (enforcement !== undefined) {
      this.enforcement.set(enforcement.policyUid, enforcement);
      this.reports.push(enforcement);
    }
    if (action === undefined) return;
    if (this.storingMs > 0) await delay(this.storingMs);
    this.actions.set(`${action.keyId}/${action.sequence}`, action);
    await stream.send({ receipt: { throughSequence: action.sequence } });
  }

  async #report(stream: ReportStream): Promise<void> {
    for await (const report of stream.requests) {
      if (report.listingBegins) this.inventory.clear();
      if (report.listingComplete) this.listings += 1;
      const { nodes, namespaces, owners, volumes, services, goneUids } = report;
      for (const [kind, records] of Object.entries({ nodes, namespaces, owners, volumes, services })) {
        for (const record of records) this.inventory.set(record.uid, { kind, name: record.name, record });
      }
      for (const uid of goneUids) this.inventory.delete(uid);
      await stream.send({ throughSequence: report.sequence });
    }
  }
}
