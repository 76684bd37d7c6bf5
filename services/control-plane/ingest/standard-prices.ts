import type { PriceSourceOptions } from './price-source.js';

/**
 * Prices where nothing better is known: OpenCost's defaults for custom pricing (configs/default.json: CPU
 * 0.031611, RAM 0.004237, GPU 0.95 USD an hour), which derive from GCP's list for us-central1; network as AWS lists
 * it between zones and to the internet (first tier), USD per GB.
 *
 * @param currency - reporting currency; where it is not USD, no default holds and such nodes stay unpriced
 * @param exchangeRates - into the reporting currency, by currency code
 */
export function standardPrices(
  currency: string,
  exchangeRates: Readonly<Record<string, string>> = {},
): PriceSourceOptions {
  const unitPrices = { perCoreHour: '0.031611', perGibHour: '0.004237', perGpuHour: '0.95' };
  const isUsd = currency === 'USD';
  return {
    currency,
    exchangeRates,
    unitPrices: isUsd ? unitPrices : undefined,
    weights: unitPrices,
    network: isUsd ? { crossZone: '0.01', internet: '0.09' } : { crossZone: '0', internet: '0' },
  };
}
