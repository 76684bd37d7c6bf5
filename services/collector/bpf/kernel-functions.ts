import type { Libbpf } from './libbpf.js';

/** BTF_KIND_FUNC. */
const functionKind = 12;

/** Kernel functions that decide which objects are loaded. */
const functionNames = [
  'css_rstat_flush',
  'cgroup_rstat_flush',
  'bpf_cgroup_acquire',
  'bpf_cgroup_from_id',
  'bpf_iter_css_new',
  'bpf_iter_task_new',
] as const;

/** Which of those functions the running kernel has. */
export type KernelFunctions = ReadonlySet<(typeof functionNames)[number]>;

/** Reads the running kernel's BTF; undefined if it has none. Cost: about 10 ms, once. */
export function readKernelFunctions(libbpf: Libbpf): KernelFunctions | undefined {
  const btf = libbpf.loadKernelBtf();
  if (!btf) return undefined;
  try {
    return new Set(functionNames.filter((name) => libbpf.findBtfType(btf, name, functionKind) > 0));
  } finally {
    libbpf.freeBtf(btf);
  }
}
