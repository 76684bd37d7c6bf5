/** What a BPF step failed at; callers branch on it. */
export type BpfErrorCode =
  /** The koffi module has no build for this machine, or libbpf.so.1 is not installed. */
  | 'LIBRARY_MISSING'
  /** The kernel has no BTF or lacks a function that the programs call. */
  | 'KERNEL_TOO_OLD'
  /** CAP_BPF, CAP_PERFMON or CAP_NET_ADMIN is missing. */
  | 'NOT_PERMITTED'
  /** No cgroup v2 tree is visible. */
  | 'NO_CGROUP_V2'
  /** The kernel refused for another reason. */
  | 'REFUSED';

/** A BPF step failed. The message says what, with which errno, and the remedy. */
export class BpfError extends Error {
  override readonly name = 'BpfError';

  constructor(
    readonly code: BpfErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Error numbers of Linux that mean a missing privilege. */
const notPermitted: ReadonlySet<number> = new Set([1, 13]);

/** The error for a negative result of libbpf. `step` reads like "load sensor 'usage'". */
export function bpfErrorOf(step: string, result: number): BpfError {
  const errno = Math.abs(result);
  if (notPermitted.has(errno)) {
    return new BpfError(
      'NOT_PERMITTED',
      `could not ${step} (errno ${errno}): run as root or with CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN`,
    );
  }
  return new BpfError('REFUSED', `could not ${step} (errno ${errno}): run 'kubehero doctor' to see why`);
}
