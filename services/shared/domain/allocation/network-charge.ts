import { multiplyDivide } from './share.js';

/** Prices of traffic, picounits per GiB (2^30 bytes), integers below 2^50. */
export interface NetworkRates {
  /** Bytes sent to another zone. */
  readonly crossZoneSent: number;
  /** Bytes received from another zone. */
  readonly crossZoneReceived: number;
  /** Bytes sent to the internet. */
  readonly internetSent: number;
}

/** Chargeable traffic of a container in one second, bytes. */
export interface ChargeableTraffic {
  readonly crossZoneSent: number;
  readonly crossZoneReceived: number;
  readonly internetSent: number;
}

/** Every rate MUST be below it, picounits per GiB: 1,000 units of the currency. */
export const MAX_NETWORK_RATE = 1_000_000_000_000_000n;

const BYTES_PER_GIB = 1_073_741_824;

/**
 * What traffic costs. Each class is floored by itself, so that the charge of a second depends on nothing but
 * that second.
 *
 * @returns picounits
 */
export function chargeNetwork(traffic: ChargeableTraffic, rates: NetworkRates): number {
  return (
    multiplyDivide(traffic.crossZoneSent, rates.crossZoneSent, BYTES_PER_GIB) +
    multiplyDivide(traffic.crossZoneReceived, rates.crossZoneReceived, BYTES_PER_GIB) +
    multiplyDivide(traffic.internetSent, rates.internetSent, BYTES_PER_GIB)
  );
}
