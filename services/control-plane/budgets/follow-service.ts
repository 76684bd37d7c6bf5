import {
  budget,
  implement,
  requirePeer,
  RpcError,
  type Implementation,
  type ServerStream,
} from '@kubehero/rpc';
import type { Logger } from '@kubehero/runtime';
import { asLeader, type BudgetActionRow, type Database, type Kysely } from '@kubehero/store-postgres';
import type { BudgetEngine } from './budget-engine.js';
import { FollowSession } from './follow-sessions.js';
import { parseActionKey, registerActionKey } from './action-key.js';
import type { BudgetMetrics } from './budget-metrics.js';
import { storeActions } from './take-actions.js';

/** What the service works with. */
export interface FollowServiceOptions {
  readonly db: Kysely<Database>;
  /** The engine of this term, undefined while another replica leads. */
  readonly engine: () => BudgetEngine | undefined;
  /** Key of a registered cluster, undefined where it is unknown or was removed. */
  readonly clusterKeyOf: (clusterId: string) => Promise<number | undefined>;
  readonly logger: Logger;
  readonly metrics: Pick<BudgetMetrics, 'refusedActions'>;
}

type Stream = ServerStream<budget.FollowRequest, budget.FollowResponseInput>;

const MAX_POLICIES = 10_000;
const ACTIONS_AT_ONCE = 100;

/** Takes policies and reports from operators and sends them verdicts; the cluster is the certificate's. */
export function followService(options: FollowServiceOptions): Implementation {
  return implement(budget.BudgetService, {
    Follow: async (stream, context) => {
      const { clusterId, role, name } = requirePeer(context);
      if (role !== 'operator') {
        throw new RpcError(
          'permission_denied',
          `the certificate of a ${role} does not speak for an operator: call with one of the role operator`,
        );
      }
      const clusterKey = await options.clusterKeyOf(clusterId);
      if (clusterKey === undefined) {
        throw new RpcError(
          'permission_denied',
          `cluster ${clusterId} is not registered: add it with 'kubehero cluster add'`,
        );
      }
      const engine = options.engine();
      if (engine === undefined)
        throw new RpcError('unavailable', 'this replica does not lead: connect again');
      await new FollowCall(options, engine, { clusterId, clusterKey, operator: name }).serve(
        stream,
        context.signal,
      );
    },
  });
}

/** One stream. */
class FollowCall {
  #session: FollowSession | undefined;
  #isOver = false;
  #actions: budget.ActionRecord[] = [];
  #storing: Promise<void> = Promise.resolve();
  #fail: (error: unknown) => void = () => undefined;

  constructor(
    private readonly options: FollowServiceOptions,
    private readonly engine: BudgetEngine,
    private readonly peer: {
      readonly clusterId: string;
      readonly clusterKey: number;
      readonly operator: string;
    },
  ) {}

  async serve(stream: Stream, signal: AbortSignal): Promise<void> {
    const failed = new Promise<never>((_resolve, reject) => (this.#fail = reject));
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
    });
    const deposed = this.engine.ended.then(() => {
      throw new RpcError('unavailable', 'this replica does not lead any more: connect again');
    });
    try {
      await Promise.race([this.#read(stream), failed, aborted, deposed]);
      await this.#storing;
    } finally {
      this.#isOver = true;
      if (this.#session !== undefined) this.engine.close(this.#session);
      this.#session?.close();
      for (const left of [failed, deposed]) left.catch(() => undefined); // the race is over
    }
  }

  async #read(stream: Stream): Promise<void> {
    for await (const request of stream.requests) {
      if (request.hello !== undefined) await this.#greet(stream, request.hello);
      else if (this.#session === undefined) {
        throw new RpcError('failed_precondition', 'the first request must be a hello');
      } else await this.#take(this.#session, request);
    }
  }

  async #greet(stream: Stream, hello: budget.Hello): Promise<void> {
    if (this.#session !== undefined) throw new RpcError('failed_precondition', 'a stream has one hello');
    if (hello.chainKey.length > 0) await this.#registerKey(hello.chainKey);
    const session = new FollowSession(this.peer.clusterKey, hello.held);
    this.#session = session;
    if (!(await this.engine.open(session))) {
      throw new RpcError('unavailable', 'the registration of this cluster could not be read: connect again');
    }
    this.#send(stream, session).catch((error: unknown) => {
      this.#fail(error);
    });
  }

  async #registerKey(spki: Uint8Array): Promise<void> {
    const { clusterId, clusterKey, operator } = this.peer;
    const key = parseActionKey(spki);
    const registration = await asLeader(this.options.db, this.engine.term, (transaction) =>
      registerActionKey(transaction, key, { clusterKey, operator }),
    );
    const news = { cluster: clusterId, operator, key: key.keyId };
    if (registration === 'first') this.options.logger.info('the chain of actions of a cluster begins', news);
    if (registration === 'another') {
      this.options.logger.warn(
        'another chain of actions begins: was a data folder of the operator lost?',
        news,
      );
    }
  }

  async #send(stream: Stream, session: FollowSession): Promise<void> {
    while (!this.#isOver) {
      for (const response of session.take()) await stream.send(response);
      await session.wait();
    }
  }

  async #take(session: FollowSession, request: budget.FollowRequest): Promise<void> {
    if (request.authored !== undefined) await this.#takeAuthored(session, request.authored.policies);
    else if (request.enforcement !== undefined) {
      await this.engine.setEnforcement(this.peer.clusterKey, request.enforcement);
    } else if (request.action !== undefined) this.#takeAction(session, request.action);
    else {
      throw new RpcError(
        'invalid_argument',
        'a request must hold a hello, policies, a report of enforcement or an action',
      );
    }
  }

  async #takeAuthored(session: FollowSession, policies: readonly budget.AuthoredPolicy[]): Promise<void> {
    if (policies.length > MAX_POLICIES) {
      throw new RpcError('resource_exhausted', `one cluster may hold at most ${MAX_POLICIES} policies`);
    }
    await this.engine.setAuthored(
      this.peer.clusterKey,
      policies.map(({ uid, name, generation, specJson, armedBy }) => ({
        uid,
        name,
        generation: Number(generation),
        specJson,
        armedBy,
      })),
    );
    // Not before the policies are known: else the cluster's own ones would look withdrawn
    await this.engine.planned();
    this.engine.synchronise(session);
  }

  /** Gathers what comes while the ones before are stored. */
  #takeAction(session: FollowSession, action: budget.ActionRecord): void {
    this.#actions.push(action);
    if (this.#actions.length > 1) return;
    this.#storing = this.#storing.then(async () => {
      while (this.#actions.length > 0) {
        const some = this.#actions.slice(0, ACTIONS_AT_ONCE);
        const { accepted, refused } = await asLeader(this.options.db, this.engine.term, (transaction) =>
          storeActions(transaction, this.peer.clusterKey, some),
        );
        this.#actions.splice(0, some.length);
        session.receive(some.at(-1)?.sequence ?? '0');
        this.engine.noteActions(accepted);
        this.#report(refused);
      }
    });
    this.#storing.catch((error: unknown) => {
      this.#fail(error);
    });
  }

  /** A record that does not verify was forged, or a folder or a database was put back: somebody must look. */
  #report(refused: readonly BudgetActionRow[]): void {
    for (const { fault, keyId, sequence, policyUid } of refused) {
      const { clusterId, operator } = this.peer;
      const where = { cluster: clusterId, operator, key: keyId, sequence, policyUid };
      this.options.metrics.refusedActions.inc({ fault: fault ?? '' });
      this.options.logger.error('a record of an action does not verify and is refused', { fault, ...where });
    }
  }
}
