import { describe, expect, it } from '@jest/globals';
import { PriceSource, shippedCatalogues, standardPrices } from '@kubehero/control-plane';

type Spec = Parameters<PriceSource['resolve']>[1];

function nodeAt(price: string): Spec {
  return {
    ...{ name: 'n', providerId: '', bootId: 'b', bootedAtS: 1, labels: {}, gpuCapacity: 0, gpuModel: '' },
    ...{ cpuCapacityMillicores: 2000, memoryCapacityBytes: 8 * 2 ** 30 },
    annotations: { 'kubehero.io/price-per-hour': price },
  };
}

const BY_UNITS = { source: 'unit-prices', picounitsPerHour: 97_118_000_000n };

describe('the price that somebody wrote on a node', () => {
  const prices = new PriceSource(standardPrices({ currency: 'USD' }), shippedCatalogues());

  it.each([
    ['144000', { source: 'annotation', picounitsPerHour: 144_000_000_000_000_000n }],
    ['0.35', { source: 'annotation', picounitsPerHour: 350_000_000_000n }],
    ['0.1234567890123456789', { source: 'annotation', picounitsPerHour: 123_456_789_012n }],
    ['144000.01', BY_UNITS],
    ['1e39', BY_UNITS],
    ['9'.repeat(50), BY_UNITS],
    ['-1', BY_UNITS],
    ['free', BY_UNITS],
    ['', BY_UNITS],
  ])(
    '%s is taken as it is, or passed over with the reason, and never stops its telemetry',
    async (text, wanted) => {
      const found = await prices.resolve(1, nodeAt(text), 0);
      expect(found).toMatchObject(wanted);
      if (wanted === BY_UNITS) expect(found.explanation.join('\n')).toMatch(/is no price|is not believed/);
    },
  );
});
