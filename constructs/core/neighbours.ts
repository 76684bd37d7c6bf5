import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';

const installations = new WeakSet<object>();

/**
 * Refuses a second installation in the same chart: both make the same namespaces, roles and workloads. In an app each one has
 * charts, and so a cluster, of its own.
 */
export function refuseNeighbours(installation: Construct): void {
  installations.add(installation);
  installation.node.addValidation({
    validate: () => {
      const chart = tryFindChart(installation);
      return (chart?.node.findAll() ?? [])
        .filter((node) => node !== installation && installations.has(node) && tryFindChart(node) === chart)
        .map(
          ({ node }) =>
            `'${node.path}' in the same chart makes the same objects: give each cluster a chart of its own`,
        );
    },
  });
}

function tryFindChart({ node }: { node: Construct['node'] }): Chart | undefined {
  return node.scopes.reverse().find((scope) => Chart.isChart(scope));
}
