import { podShapes } from './fleet.js';
import { mix, toFraction } from './hash.js';

/** Seconds between two knots of a service's slow wave, and of a burst's switch. */
const WAVE_S = 32;
const BURST_S = 48;
/** Seconds for which a pod's memory stays the same: changed in 1 to 2 % of all seconds. */
const MEMORY_S = 64;
const PAGE_BYTES = 4096;
const US_PER_MILLICORE = 1000;

function daemonShare(salt: number, second: number): number {
  const base = 0.004 + 0.03 * toFraction(mix(salt, 11));
  return base * (0.8 + 0.4 * toFraction(mix(salt, second)));
}

function serviceShare(salt: number, second: number): number {
  const knot = Math.floor(second / WAVE_S);
  const fraction = (second % WAVE_S) / WAVE_S;
  const from = toFraction(mix(salt, knot));
  const to = toFraction(mix(salt, knot + 1));
  const wave = from + (to - from) * fraction;
  return (0.1 + 0.75 * wave) * (0.95 + 0.1 * toFraction(mix(salt ^ 0x5bd1e995, second)));
}

function burstShare(salt: number, second: number): number {
  const on = mix(salt, Math.floor((second + (salt % BURST_S)) / BURST_S)) % 4 === 0;
  return on ? 1 + 0.5 * toFraction(mix(salt, second)) : 0.01;
}

/** CPU time of a pod in a second, whole microseconds; stateless, so any second can be asked for again. */
export function cpuMicroseconds(
  shape: number,
  requestMillicores: number,
  at: { salt: number; second: number },
): number {
  const requestUs = requestMillicores * US_PER_MILLICORE;
  if (shape === podShapes.asleep) return 0;
  if (shape === podShapes.daemon) return Math.floor(requestUs * daemonShare(at.salt, at.second));
  if (shape === podShapes.service) return Math.floor(requestUs * serviceShare(at.salt, at.second));
  return Math.floor(requestUs * burstShare(at.salt, at.second));
}

/** Working set of a pod at the end of a second, bytes, whole pages; unchanged for a minute and more. */
export function memoryBytes(requestBytes: number, salt: number, second: number): number {
  const step = mix(salt ^ 0x27d4eb2f, Math.floor((second + (salt % MEMORY_S)) / MEMORY_S));
  const share = 0.35 + 0.5 * toFraction(mix(salt, 13)) + 0.05 * toFraction(step);
  return Math.floor((requestBytes * share) / PAGE_BYTES) * PAGE_BYTES;
}
