const memoryUnits = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 } as const;

/** Bytes of a memory or storage quantity such as `512Mi` or `2Ti`; undefined when it is none. */
export function tryParseBytes(text: string): number | undefined {
  const match = /^([1-9]\d{0,8})(Ki|Mi|Gi|Ti)$/.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * memoryUnits[match[2] as keyof typeof memoryUnits];
}

/** Thousandths of a core of a CPU quantity such as `500m` or `2`; undefined when it is none. */
export function tryParseMilliCpu(text: string): number | undefined {
  const match = /^([1-9]\d{0,6})(m?)$/.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * (match[2] === 'm' ? 1 : 1000);
}

/** Writes bytes in the largest binary unit that holds them exactly. */
export function formatBytes(bytes: number): string {
  for (const unit of ['Ti', 'Gi', 'Mi'] as const) {
    if (bytes % memoryUnits[unit] === 0) return `${bytes / memoryUnits[unit]}${unit}`;
  }
  return `${Math.ceil(bytes / memoryUnits.Ki)}Ki`;
}

/** Writes thousandths of a core as whole cores where they are. */
export function formatMilliCpu(milli: number): string {
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
}

/** CPU and memory of one container: what it asks for is what it may use, unless a limit says otherwise. */
export interface Resources {
  /** CPU such as `500m` or `2`. */
  readonly cpu: string;
  /** Memory such as `512Mi`. */
  readonly memory: string;
  /** @default - the same as `cpu` */
  readonly cpuLimit?: string | undefined;
  /** @default - the same as `memory` */
  readonly memoryLimit?: string | undefined;
  /** Scratch space on the node. @default '64Mi' */
  readonly ephemeralStorage?: string | undefined;
}
