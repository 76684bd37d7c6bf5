import type { Requirement } from '../requirements.js';
import { repository } from '../manifests/examples.js';
import { type ClusterBinary, findBinaries } from './binaries.js';
import { findStages } from './workers.js';

/** Binaries of a real control plane, built or given by `KUBEBUILDER_ASSETS`. */
export function clusterBinaries(...names: readonly ClusterBinary[]): Requirement {
  return {
    name: names.join(' and '),
    remedy: "run 'npm run build:cluster' once, or set KUBEBUILDER_ASSETS",
    missing: () => {
      const found = findBinaries(repository, names, process.env['KUBEBUILDER_ASSETS']);
      if ('missing' in found) return found.missing;
      return names.includes('kwok') ? whyNoStages(found.dir) : undefined;
    },
  };
}

function whyNoStages(dir: string): string | undefined {
  try {
    findStages(repository, dir);
    return undefined;
  } catch (error) {
    return `no stages of kwok beside its binary, and no Go to find them: ${String(error)}`;
  }
}

/**
 * Folder of the binaries.
 * @throws Error where they are missing; a suite states {@link clusterBinaries} as its requirement first
 */
export function clusterBinariesDir(...names: readonly ClusterBinary[]): string {
  const found = findBinaries(repository, names, process.env['KUBEBUILDER_ASSETS']);
  if ('missing' in found) throw new Error(found.missing);
  return found.dir;
}
