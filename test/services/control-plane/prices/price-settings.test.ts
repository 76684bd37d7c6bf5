import { describe, expect, it } from '@jest/globals';
import { upSettings } from '@kubehero/cli';
import { PriceSource, priceSettings, shippedCatalogues, standardPrices } from '@kubehero/control-plane';
import { readSettings, SettingsError } from '@kubehero/runtime';

type Spec = Parameters<PriceSource['resolve']>[1];

const UNKNOWN_MACHINE: Spec = {
  name: 'n',
  providerId: '',
  bootId: 'b',
  bootedAtS: 1,
  labels: {},
  annotations: {},
  cpuCapacityMillicores: 2000,
  memoryCapacityBytes: 8 * 2 ** 30,
  gpuCapacity: 0,
  gpuModel: '',
};

function priceOf(matters: Parameters<typeof standardPrices>[0]): ReturnType<PriceSource['resolve']> {
  return new PriceSource(standardPrices(matters), shippedCatalogues()).resolve(1, UNKNOWN_MACHINE, 0);
}

function faultsOf(work: () => unknown): readonly { source: string; message: string }[] {
  try {
    work();
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

describe('settings of prices', () => {
  it('are read from the environment, and for kubehero up from flags', () => {
    const unitPrices = { perCoreHour: '0.05', perGibHour: '0.01', perGpuHour: '2' };
    const env = {
      KUBEHERO_UNIT_PRICES: 'gpu=2, cpu=0.05, ram=0.01',
      KUBEHERO_NETWORK_RATES: 'crossZone=0,internet=0.02',
    };
    expect(readSettings(priceSettings, { env })).toEqual({
      unitPrices,
      resourceWeights: undefined,
      networkRates: { crossZone: '0', internet: '0.02' },
    });
    const flags = { unitPrices: 'cpu=0.05,ram=0.01,gpu=2' };
    expect(readSettings(upSettings({}), { flags })).toMatchObject({ unitPrices });
  });

  it('are refused with all faults at once', () => {
    const env = {
      KUBEHERO_UNIT_PRICES: 'cpu=-1,ram=0.004,disk=3',
      KUBEHERO_RESOURCE_WEIGHTS: 'cpu=0,ram=0.0,gpu=0',
      KUBEHERO_NETWORK_RATES: 'crossZone=0.01,crossZone=1000,internet=1e3',
    };
    const faults = faultsOf(() => readSettings(priceSettings, { env }));
    expect(faults.map(({ source }) => source)).toEqual(Object.keys(env));
    expect(faults[0]?.message).toContain("'disk' is not known, cpu is no plain decimal, gpu is missing");
    expect(faults[1]?.message).toContain('one of them must be above zero');
    expect(faults[2]?.message).toContain(
      'a name stands there twice, crossZone must be below 1000, internet is no plain decimal',
    );
  });
});

describe('prices of a hub without settings', () => {
  it('are the defaults, and say so', async () => {
    const found = await priceOf({ currency: 'USD' });
    expect(found).toMatchObject({
      picounitsPerHour: 97_118_000_000n,
      weights: { perCoreHour: 31_611, perGibHour: 4_237, perGpuHour: 950_000 },
      networkRates: { crossZoneSent: 10_000_000_000, internetSent: 90_000_000_000 },
    });
    expect(found.explanation.slice(-3).map((line) => line.split(':')[0])).toEqual([
      'unit prices (default)',
      'split over resources (ratio of the default unit prices)',
      'traffic per GB (default)',
    ]);
  });

  it('are converted in another currency by the rate of USD', async () => {
    const found = await priceOf({ currency: 'EUR', exchangeRates: { USD: '0.5' } });
    expect(found).toMatchObject({
      picounitsPerHour: 48_559_000_000n,
      weights: { perCoreHour: 31_611, perGibHour: 4_237, perGpuHour: 950_000 },
      networkRates: { crossZoneSent: 5_000_000_000, internetSent: 45_000_000_000 },
    });
    expect(found.explanation.at(-1)).toBe(
      'traffic per GB (default, converted at 0.5 EUR per USD): 0.005 to or from another zone, 0.045 to the internet',
    );
  });

  it('never charge traffic nothing for want of a rate: it is refused with the way out', () => {
    const [fault, ...more] = faultsOf(() => standardPrices({ currency: 'EUR' }));
    expect(more).toEqual([]);
    expect(fault?.source).toBe('KUBEHERO_CURRENCY');
    expect(fault?.message).toContain('KUBEHERO_NETWORK_RATES');
    expect(fault?.message).toContain('KUBEHERO_EXCHANGE_RATES');
    expect(faultsOf(() => standardPrices({ currency: 'IDR', exchangeRates: { USD: '15700' } }))).toHaveLength(
      1,
    );
  });

  it('leave a machine unpriced where only rates of traffic are given', async () => {
    const networkRates = { crossZone: '0.02', internet: '0.1' };
    const found = await priceOf({ currency: 'EUR', networkRates });
    expect(found).toMatchObject({ picounitsPerHour: null, source: 'unpriced' });
    expect(found.networkRates.internetSent).toBe(100_000_000_000);
    expect(found.explanation.join('\n')).toContain('KUBEHERO_UNIT_PRICES');
  });
});

describe('weights', () => {
  it('keep the ratio of any amounts within 31 bits', async () => {
    const resourceWeights = { perCoreHour: '500000', perGibHour: '0.000000000001', perGpuHour: '250000' };
    const { weights } = await priceOf({ currency: 'USD', resourceWeights });
    expect(weights).toEqual({ perCoreHour: 2 ** 31 - 1, perGibHour: 0, perGpuHour: 2 ** 30 - 1 });
  });

  it('follow the unit prices that are configured', async () => {
    const unitPrices = { perCoreHour: '2', perGibHour: '1', perGpuHour: '0' };
    const { weights, explanation } = await priceOf({ currency: 'USD', unitPrices });
    expect(weights).toEqual({ perCoreHour: 2_000_000, perGibHour: 1_000_000, perGpuHour: 0 });
    expect(explanation.join('\n')).toContain('split over resources (ratio of the unit prices)');
  });
});
