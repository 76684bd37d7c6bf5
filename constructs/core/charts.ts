import { App, Chart } from 'cdk8s';
import { Construct } from 'constructs';

/** The parts of an installation that are files, and Argo CD Applications, of their own. */
export type ChartGroup = 'base' | 'stores' | 'programs' | 'monitoring';

/**
 * Scope for the objects of a group. Inside of a chart everything goes into that chart; in an app each group gets a chart of
 * its own beside the others (nested charts would be renumbered whenever one is added).
 */
export function chartFor(owner: Construct, group: ChartGroup): Construct {
  const inside = owner.node.scopes.some((scope) => Chart.isChart(scope));
  const parent = owner.node.scope;
  if (inside || !parent) return new Construct(owner, group);
  return new Chart(parent, `${owner.node.id}-${group}`, {
    disableResourceNameHashes: true,
  });
}

/** The app that a construct belongs to; undefined in a tree without one. */
export function tryFindApp(construct: Construct): App | undefined {
  const { root } = construct.node;
  return root instanceof App ? root : undefined;
}
