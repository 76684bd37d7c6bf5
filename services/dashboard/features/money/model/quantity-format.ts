const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** CPU cores in use: `1.28`, `0.004`, `< 0.001`, `128`. */
export function formatCores(cores: number): string {
  if (cores === 0) return '0';
  if (cores < 0.001) return '<\u202f0.001';
  if (cores < 1) return cores.toFixed(3);
  return cores < 100 ? cores.toFixed(2) : Math.round(cores).toLocaleString('en-US');
}

/** Bytes in binary units with three digits: `1.28 GiB`, `0 B`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit] ?? 'B'}`;
}

/** Bytes per second. */
export function formatByteRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** A span of time in its two largest units: `55 s`, `2 min 10 s`, `3 h 5 min`. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return withRest(Math.floor(whole / 60), 'min', whole % 60, 's');
  if (whole < 86_400) return withRest(Math.floor(whole / 3600), 'h', Math.floor((whole % 3600) / 60), 'min');
  return withRest(Math.floor(whole / 86_400), 'd', Math.floor((whole % 86_400) / 3600), 'h');
}

function withRest(count: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${count} ${unit}` : `${count} ${unit} ${rest} ${restUnit}`;
}
