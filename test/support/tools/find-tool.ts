import { existsSync } from 'node:fs';
import { homedir } from 'node:os';

import { delimiter, join } from 'node:path';
import type { Requirement } from '../requirements.js';

/** Tools that `install.sh` beside this file brings. */
export type Tool = 'promtool' | 'docker-registry' | 'kube-score' | 'checkov';

/** Path of a tool, in PATH or where `install.sh` puts it; undefined where it is not. */
export function tryFindTool(tool: Tool): string | undefined {
  const cached = join(process.env['KUBEHERO_TOOLS'] ?? join(homedir(), '.cache/kubehero/tools'), 'bin', tool);
  return [cached, ...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, tool))].find(
    (path) => existsSync(path),
  );
}

/**
 * Path of a tool that a suite stated as its requirement.
 * @throws Error where it is missing
 */
export function findTool(tool: Tool): string {
  const path = tryFindTool(tool);
  if (path === undefined) throw new Error(`no ${tool}: run test/support/tools/install.sh`);
  return path;
}

/** A tool as a requirement of a suite. */
export function toolRequirement(tool: Tool): Requirement {
  return {
    name: tool,
    remedy: "run 'bash test/support/tools/install.sh'",
    missing: () => (tryFindTool(tool) === undefined ? `no ${tool} in PATH or in the cache` : undefined),
  };
}
