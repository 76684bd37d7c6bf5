import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  toReleaseChange,
  toStopChange,
  type Change,
} from '../../../../services/operator/enforcement/change.js';
import {
  mostEdits,
  tryFindHold,
  valueOf,
  heldFieldOf,
  type HeldValue,
  type Holder,
} from '../../../../services/operator/enforcement/hold.js';
import type { Workload } from '../../../../services/operator/world/world-objects.js';

const uids = ['a', 'b', 'c'] as const;
const holderOf = (uid: string): Holder => ({ uid, name: `policy-${uid}`, takesOver: true });

function workloadOf(kind: Workload['kind'], more: Partial<Workload>): Workload {
  return {
    kind,
    apiVersion: 'apps/v1',
    uid: 'u',
    namespace: 'n',
    name: 'w',
    resourceVersion: '1',
    labels: {},
    podLabels: {},
    owner: undefined,
    isProtected: false,
    held: undefined,
    isNudged: false,
    healedBy: undefined,
    queuedBy: undefined,
    replicas: undefined,
    suspend: undefined,
    minReplicas: undefined,
    paused: undefined,
    target: undefined,
    isFinished: false,
    isTerminating: false,
    wantedPods: 0,
    ...more,
  };
}

/** What the API server would store. */
function patched(workload: Workload, { patch }: Change): Workload {
  const { annotations } = patch['metadata'] as { annotations: Record<string, string | null> };
  const paused = annotations['autoscaling.keda.sh/paused'];
  return {
    ...workload,
    ...((patch['spec'] ?? {}) as Partial<Workload>),
    ...(paused !== undefined && { paused }),
    held: annotations['kubehero.io/held'] ?? undefined,
  };
}

function apply(workload: Workload, change: Change | undefined): Workload {
  return change === undefined ? workload : patched(workload, change);
}

const running: readonly (readonly [Workload['kind'], Partial<Workload>])[] = [
  ['Deployment', { replicas: 3 }],
  ['StatefulSet', { replicas: 1 }],
  ['ReplicaSet', { replicas: 2 }],
  ['Rollout', { replicas: null }],
  ['Job', { suspend: false }],
  ['CronJob', { suspend: null }],
  ['HorizontalPodAutoscaler', { minReplicas: 0 }],
  ['ScaledObject', { paused: null }],
  ['ScaledObject', { paused: 'false' }],
];

describe('holding an object', () => {
  it.each(running)('stops a %s and restores it exactly', (kind, fields) => {
    const before = workloadOf(kind, fields);
    const stopped = apply(before, toStopChange(before, holderOf('a')));

    expect(tryFindHold(stopped)?.policies).toEqual({ a: 'policy-a' });
    expect(toStopChange(stopped, holderOf('a'))).toBeUndefined();
    expect(apply(stopped, toReleaseChange(stopped, holderOf('a')))).toEqual(before);
  });

  it.each([
    ['Deployment', { replicas: 0 }],
    ['Job', { suspend: true }],
    ['HorizontalPodAutoscaler', { minReplicas: 2 }],
    ['ScaledObject', { paused: 'true' }],
    ['Deployment', { replicas: 2, isTerminating: true }],
    ['Job', { suspend: false, isFinished: true }],
    ['DaemonSet', {}],
  ] as const)('leaves a %s alone that does not run: %j', (kind, fields) => {
    expect(toStopChange(workloadOf(kind, fields), holderOf('a'))).toBeUndefined();
  });

  it('leaves a record alone that is none of ours', () => {
    const odd = workloadOf('Deployment', { replicas: 0, held: '{"version":7}' });
    expect(toReleaseChange(odd, holderOf('a'))).toBeUndefined();
    expect(toStopChange({ ...odd }, holderOf('a'))).toBeUndefined();
  });

  it('gives up on an object that somebody keeps starting', () => {
    let workload = apply(workloadOf('Deployment', { replicas: 2 }), undefined);
    for (let edit = 0; edit < mostEdits; edit += 1) {
      workload = apply(workload, toStopChange(workload, holderOf('a')));
      workload = { ...workload, replicas: 5 };
    }
    workload = apply(workload, toStopChange(workload, holderOf('a')));
    expect(workload.replicas).toBe(5);
    expect(toStopChange(workload, holderOf('a'))).toBeUndefined();
    expect(apply(workload, toReleaseChange(workload, holderOf('a')))).toMatchObject({
      replicas: 5,
      held: undefined,
    });
  });

  it('leaves the value of a contested object to its editor when another policy comes to hold it', () => {
    let workload = workloadOf('Deployment', { replicas: 2 });
    for (let edit = 0; edit <= mostEdits; edit += 1) {
      workload = { ...apply(workload, toStopChange(workload, holderOf('a'))), replicas: edit + 5 };
    }
    const shared = apply(workload, toStopChange(workload, holderOf('b')));
    expect(shared.replicas).toBe(workload.replicas);
    expect(Object.keys(tryFindHold(shared)?.policies ?? {})).toEqual(['a', 'b']);
  });

  it('ends with what people wanted last, whatever holds and releases in whatever order', () => {
    const step = fc.oneof(
      fc.record({ stop: fc.constantFrom(...uids) }),
      fc.record({ release: fc.constantFrom(...uids) }),
      fc.record({ edit: fc.integer({ min: 1, max: 9 }) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 30 }), (replicas, steps) => {
        let wish = replicas;
        let workload = workloadOf('Deployment', { replicas });
        const holding = new Set<string>();
        for (const each of steps) {
          if ('stop' in each) {
            workload = apply(workload, toStopChange(workload, holderOf(each.stop)));
            holding.add(each.stop);
          } else if ('release' in each) {
            workload = apply(workload, toReleaseChange(workload, holderOf(each.release)));
            holding.delete(each.release);
          } else {
            wish = each.edit;
            workload = { ...workload, replicas: each.edit };
          }
          expect(new Set(Object.keys(tryFindHold(workload)?.policies ?? {}))).toEqual(holding);
        }
        for (const uid of holding) workload = apply(workload, toReleaseChange(workload, holderOf(uid)));
        const field = heldFieldOf(workload.kind);
        expect(field && valueOf(workload, field)).toBe(wish);
        expect(workload.held).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('of any kind ends as people left it, though policies overlap and are recreated under other uids', () => {
    const values: Readonly<Partial<Record<Workload['kind'], readonly HeldValue[]>>> = {
      Deployment: [null, 1, 2, 3, 7],
      Rollout: [null, 1, 4],
      Job: [null, false],
      ScaledObject: [null, 'false'],
      HorizontalPodAutoscaler: [0],
    };
    const names = ['one', 'two', 'three'];
    const step = fc.record({
      what: fc.constantFrom('stop', 'stop', 'release', 'recreate', 'edit'),
      policy: fc.nat(names.length - 1),
      value: fc.nat(9),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(values) as Workload['kind'][])),
        fc.array(step, { maxLength: 40 }),
        (kind, steps) => {
          const field = heldFieldOf(kind) ?? 'replicas';
          const choices = values[kind] ?? [];
          const holders = names.map((name): Holder => ({ uid: `${name}-0`, name, takesOver: true }));
          const holding = new Set<string>();
          let [wish = null] = choices;
          let workload = workloadOf(kind, { [field]: wish });
          for (const { what, policy, value } of steps) {
            const holder = holders[policy] ?? holderOf('a');
            if (what === 'stop') {
              workload = apply(workload, toStopChange(workload, holder));
              holding.add(holder.name);
              expect(toStopChange(workload, holder)).toBeUndefined();
            } else if (what === 'release') {
              workload = apply(workload, toReleaseChange(workload, holder));
              holding.delete(holder.name);
              expect(toReleaseChange(workload, holder)).toBeUndefined();
            } else if (what === 'recreate') holders[policy] = { ...holder, uid: `${holder.uid}'` };
            else {
              wish = choices[value % choices.length] ?? null;
              workload = { ...workload, [field]: wish };
            }
            const held = Object.values(tryFindHold(workload)?.policies ?? {});
            expect(held.sort()).toEqual([...holding].sort());
          }
          for (const holder of holders) workload = apply(workload, toReleaseChange(workload, holder));
          expect([valueOf(workload, field), workload.held]).toEqual([wish, undefined]);
        },
      ),
      { numRuns: 5000 },
    );
  });
});
