const PICO = 1_000_000_000_000n;
const HOUR_S = 3600;
const DAY_S = 86_400;

type Json = Readonly<Record<string, unknown>>;

/** An answer of the Connect protocol. */
export interface FakeAnswer {
  readonly status: number;
  readonly body: unknown;
}

interface FakePolicy {
  readonly name: string;
  readonly ceiling: bigint;
  readonly spend: bigint;
  readonly burn: bigint;
  readonly phase: string;
  readonly states?: readonly string[];
  readonly conditions?: readonly Json[];
  armed: boolean;
  armedBy: string;
  /** No operator of its cluster is connected. */
  readonly away?: boolean;
}

const STOPPED = [
  ['apps/v1', 'Deployment', 'shop', 'web', 'Scaled'],
  ['apps/v1', 'StatefulSet', 'shop', 'search', 'Scaled'],
  ['batch/v1', 'Job', 'shop', 'reindex-29381', 'Suspended'],
  ['batch/v1', 'CronJob', 'shop', 'nightly-report', 'Suspended'],
].map(([apiVersion, kind, namespace, name, action]) => ({
  ...{ apiVersion, kind, namespace, name, action },
  uid: `uid-${name}`,
}));

const ACCEPTED = { type: 'Accepted', status: 'True', reason: 'Judged', message: 'the policy is judged' };
const STALE = {
  type: 'Stale',
  status: 'True',
  reason: 'CollectorsMissing',
  message:
    'collectors of eu-2 are silent: spend is a lower bound and there is no forecast; look at the collectors there',
};

/**
 * `PolicyService` as the dashboard sees it (proto3 JSON: 64-bit integers as texts, defaults left out): it arms and
 * disarms, and refuses as the control plane does.
 */
export class FakeBudgets {
  /** What `SetArmed` was last asked. */
  lastArmed: Json | undefined;
  private readonly startS: number;
  private readonly policies: FakePolicy[];

  constructor(
    private readonly nowS: number,
    private readonly isEmpty: boolean,
  ) {
    this.startS = nowS - 21 * DAY_S;
    this.policies = fleet();
  }

  /** The answer to a method of the service; undefined for any other. */
  answer(pathname: string, body: Json): FakeAnswer | undefined {
    const [service, method] = pathname.slice(1).split('/');
    if (service !== 'kubehero.budget.v1.PolicyService') return undefined;
    if (method === 'ListPolicies')
      return ok(this.isEmpty ? {} : { policies: this.policies.map(this.status) });
    const policy = this.policies.find(({ name }) => name === body['policy']);
    if (policy === undefined) return fault(404, 'not_found', `no budget policy '${String(body['policy'])}'`);
    if (method === 'GetPolicy') return ok(this.detail(policy));
    if (method === 'SimulatePolicy') return ok(this.simulation(policy));
    if (method === 'SetArmed') return this.setArmed(policy, body);
    return undefined;
  }

  private setArmed(policy: FakePolicy, body: Json): FakeAnswer {
    this.lastArmed = body;
    const armed = body['armed'] === true;
    if (armed && body['confirmName'] !== policy.name)
      return fault(400, 'invalid_argument', `confirm it by its name '${policy.name}'`);
    if (policy.away === true) {
      const text = `the operator of the cluster in which '${policy.name}' is written is not connected: look at it there, or use kubectl there`;
      return fault(503, 'unavailable', text);
    }
    policy.armed = armed;
    policy.armedBy = armed ? String(body['by']) : '';
    return ok({ status: this.status(policy) });
  }

  private readonly status = (policy: FakePolicy): Json => {
    const { spend, ceiling, burn, phase, conditions = [ACCEPTED] } = policy;
    const exceeded = spend > ceiling;
    const left = burn * 24n * 9n;
    const isStale = phase === 'Stale';
    return {
      verdict: {
        policyUid: `uid-${policy.name}`,
        policyName: policy.name,
        specJson: JSON.stringify(specOf(policy)),
        ...(policy.armed ? { armedBy: policy.armedBy } : {}),
        periodStartsAtS: String(this.startS),
        periodEndsAtS: String(this.startS + 30 * DAY_S),
        spentThroughS: String(this.nowS),
        currency: 'USD',
        ceilingPicounits: String(ceiling),
        spendPicounits: String(spend),
        burnPerHourPicounits: String(burn),
        forecast: isStale ? null : forecastOf(spend, left),
        ...(exceeded ? { exceeded, exceededAtS: String(this.nowS - 2 * HOUR_S) } : {}),
        crossed: spend * 10n > ceiling * 8n ? [{ percent: 80, on: 'Spend' }] : [],
        conditions,
        ...(phase === 'Enforced' ? { stillPaidPerHourPicounits: String((7n * PICO) / 4n) } : {}),
      },
      originCluster: 'eu-1',
      ...(policy.armed ? { armed: true } : {}),
      hardStop: true,
      phase,
      clusters: (policy.states ?? ['IDLE']).map((state, at) => this.cluster(policy, state, at)),
    };
  };

  private cluster(policy: FakePolicy, state: string, at: number): Json {
    const held = state === 'ENFORCED' ? { objects: STOPPED, objectCount: STOPPED.length } : {};
    return {
      cluster: `eu-${at + 1}`,
      ...(policy.away === true ? {} : { connected: true }),
      enforcement: { policyUid: `uid-${policy.name}`, state: `ENFORCEMENT_STATE_${state}`, ...held },
    };
  }

  private detail(policy: FakePolicy): Json {
    const steps = 21 * 4;
    const points = Array.from({ length: steps + 1 }, (_, at) => ({
      atS: String(this.startS + (at * DAY_S) / 4),
      // Steeper by day than by night, so that the line is one that is met in practice
      spendPicounits: String((policy.spend * BigInt(at * 10 + (at % 4) * 2)) / BigInt(steps * 10)),
    }));
    return { status: this.status(policy), points, actions: this.actions(policy) };
  }

  private actions(policy: FakePolicy): Json[] {
    if (policy.phase !== 'Enforced') return [];
    const reason = `spend of $${policy.spend / PICO} passed the ceiling of $${policy.ceiling / PICO}`;
    return STOPPED.map((object, at) => ({
      sequence: String(STOPPED.length - at),
      at: new Date((this.nowS - 7000 - at) * 1000).toISOString(),
      policyName: policy.name,
      action: object.action === 'Scaled' ? 'Scale' : 'Suspend',
      object,
      reason,
      beforeJson: object.action === 'Scaled' ? '{"replicas":3}' : '{"suspend":false}',
      afterJson: object.action === 'Scaled' ? '{"replicas":0}' : '{"suspend":true}',
    }));
  }

  private simulation(policy: FakePolicy): Json {
    const exceeded = policy.spend > policy.ceiling;
    return {
      currency: 'USD',
      periods: [
        {
          startsAtS: String(this.startS),
          endsAtS: String(this.startS + 30 * DAY_S),
          spendPicounits: String(policy.spend),
          ...(exceeded
            ? {
                exceededAtS: String(this.nowS - 2 * HOUR_S),
                spendAfterPicounits: String(policy.spend - policy.ceiling),
              }
            : {}),
        },
      ],
      wouldStop: STOPPED,
      conditions: [
        {
          type: 'Simulated',
          status: 'True',
          reason: 'Done',
          message: 'the ceiling was looked at for 30 days',
        },
      ],
    };
  }
}

function fleet(): FakePolicy[] {
  const units = (whole: bigint): bigint => whole * PICO;
  return [
    {
      ...{
        name: 'calm',
        ceiling: units(9000n),
        spend: units(2100n) + 1n,
        burn: units(4n),
        phase: 'Tracking',
      },
      ...{ armed: false, armedBy: '' },
    },
    {
      ...{ name: 'blind', ceiling: units(700n), spend: units(300n), burn: units(1n), phase: 'Stale' },
      ...{ armed: false, armedBy: '', away: true, conditions: [ACCEPTED, STALE] },
    },
    {
      ...{ name: 'search', ceiling: units(5000n), spend: units(4312n), burn: units(9n), phase: 'Warning' },
      ...{ armed: false, armedBy: '', states: ['IDLE', 'IDLE'] },
    },
    {
      ...{ name: 'shop', ceiling: units(500n), spend: units(561n), burn: units(3n), phase: 'Enforced' },
      ...{ armed: true, armedBy: 'ada@example.com', states: ['ENFORCED'] },
    },
    {
      ...{ name: 'ml', ceiling: units(2000n), spend: units(2044n), burn: units(21n), phase: 'Exceeded' },
      ...{ armed: false, armedBy: '' },
    },
  ];
}

function specOf(policy: FakePolicy): Json {
  return {
    scope: { namespaces: [policy.name] },
    ceiling: `$${policy.ceiling / PICO}/mo`,
    hardStop: true,
    armed: policy.armed,
    thresholds: [{ percent: 50 }, { percent: 80 }, { percent: 100, basis: 'Forecast' }],
  };
}

function forecastOf(spend: bigint, left: bigint): Json {
  return {
    expectedPicounits: String(spend + left),
    lowPicounits: String(spend + (left * 8n) / 10n),
    highPicounits: String(spend + (left * 13n) / 10n),
    method: 'HourOfDay',
  };
}

function ok(body: unknown): FakeAnswer {
  return { status: 200, body };
}

function fault(status: number, code: string, message: string): FakeAnswer {
  return { status, body: { code, message } };
}
