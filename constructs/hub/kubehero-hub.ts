import { Construct } from 'constructs';
import { buildSite } from '../core/build-site.js';
import { ConstructsError, type Fault, refuseAtSynth } from '../core/faults.js';
import { refuseNeighbours } from '../core/neighbours.js';
import type { Site } from '../core/site.js';
import { describeSizing } from '../core/sizing.js';
import { HubBuilder, type HubParts } from './hub-builder.js';
import { hubFaults } from './hub-faults.js';
import type { KubeHeroHubProps } from './hub-props.js';

/**
 * A whole KubeHero: control plane, stores, sign-in, dashboard, and collector and operator for the cluster that it runs in.
 * In an app it makes four charts (`<id>-base`, `<id>-stores`, `<id>-programs`, `<id>-monitoring`); in a chart it fills that one.
 * Wrong props are refused by `synth`, all of them in one error.
 */
export class KubeHeroHub extends Construct {
  /** What is wrong with the props; empty for a hub that can be synthesized. */
  readonly faults: readonly Fault[];
  readonly #parts: HubParts | undefined;
  readonly #site: Site | undefined;

  constructor(
    scope: Construct,
    id: string,
    readonly props: KubeHeroHubProps,
  ) {
    super(scope, id);
    this.faults = hubFaults(props);
    refuseAtSynth(this, this.faults);
    refuseNeighbours(this);
    if (this.faults.length > 0) return;
    this.#site = buildSite({
      props,
      sizing: {
        nodes: props.nodes ?? 1000,
        podsPerNode: props.podsPerNode,
        hotDays: hotDays(props),
        highAvailability: props.highAvailability,
      },
      storageClassName: props.storageClassName,
      operators: props.operators,
      components: props.components ?? {},
    });
    this.#parts = new HubBuilder(this, this.#site, props).build();
  }

  /**
   * The parts of the hub.
   * @throws ConstructsError INVALID_PROPS with every fault, when the props are wrong
   */
  get parts(): HubParts {
    if (this.#parts) return this.#parts;
    const list = this.faults.map((fault) => `${fault.prop}: ${fault.message}`).join('; ');
    throw new ConstructsError('INVALID_PROPS', `${this.node.path} has no parts: ${list}`);
  }

  /**
   * What all parts share.
   * @throws ConstructsError INVALID_PROPS with every fault, when the props are wrong
   */
  get site(): Site {
    if (this.#site) return this.#site;
    throw new ConstructsError('INVALID_PROPS', `${this.node.path} has nothing to show: its props are wrong`);
  }

  /** Whether any store is deployed by this hub. */
  get hasStores(): boolean {
    const { postgres, clickhouse, valkey } = this.parts;
    return [postgres, clickhouse, valkey].some((store) => store !== undefined);
  }

  /** What the hub asks for, component by component, and why. */
  describe(): string {
    return this.#site ? describeSizing(this.#site.sizing) : '';
  }
}

function hotDays(props: KubeHeroHubProps): number {
  const given =
    props.clickhouse && props.clickhouse.mode !== 'external' ? props.clickhouse.coldAfterDays : undefined;
  return given ?? 90;
}
