import { ApiObject, App, Chart, DependencyGraph } from 'cdk8s';
import { Construct } from 'constructs';

/** The parts of an installation that are files, and Argo CD Applications, of their own. */
export type ChartGroup = 'base' | 'stores' | 'programs' | 'monitoring';

/**
 * Scope for the objects of a group. Inside of a chart everything goes into that chart; in an app each group gets a chart of
 * its own beside the others (nested charts would be renumbered whenever one is added).
 */
export function chartFor(owner: Construct, group: ChartGroup): Construct {
  const parent = owner.node.scope;
  if (isInChart(owner) || !parent) return new Construct(owner, group);
  return new OwnChart(parent, `${owner.node.id}-${group}`);
}

/** Scope for the objects of a construct that needs one file: itself inside of a chart, else a chart beside it. */
export function homeFor(owner: Construct, suffix: string): Construct {
  const parent = owner.node.scope;
  if (isInChart(owner) || !parent) return owner;
  return new OwnChart(parent, `${owner.node.id}-${suffix}`);
}

/** The app that a construct belongs to; undefined in a tree without one. */
export function tryFindApp(construct: Construct): App | undefined {
  const { root } = construct.node;
  return root instanceof App ? root : undefined;
}

function isInChart(construct: Construct): boolean {
  return construct.node.scopes.some((scope) => Chart.isChart(scope));
}

/**
 * A chart that looks at its own objects alone when the app was validated just before, as `App.synth` does it. A plain chart
 * walks and validates the whole app each time that it is rendered, which makes an app of n charts a matter of n².
 */
class OwnChart extends Chart {
  #validated = false;

  constructor(scope: Construct, id: string) {
    super(scope, id, { disableResourceNameHashes: true });
    this.node.addValidation({
      validate: () => {
        this.#validated = true;
        return [];
      },
    });
  }

  /** The manifests, in the order of their dependencies. A validation counts for one rendering. */
  override toJson(): unknown[] {
    if (!this.#validated) return this.#validateAndRender();
    this.#validated = false;
    return new DependencyGraph(this.node)
      .topology()
      .filter((node): node is ApiObject => ApiObject.isApiObject(node) && Chart.of(node) === this)
      .map((object) => object.toJson() as unknown);
  }

  /** Rendered by itself, by a test for example: the pass over the app serves this chart alone. */
  #validateAndRender(): unknown[] {
    try {
      return super.toJson();
    } finally {
      // Not by instanceof, which cdk8s answers for any chart
      for (const node of this.node.root.node.findAll()) if (#validated in node) node.#validated = false;
    }
  }
}
