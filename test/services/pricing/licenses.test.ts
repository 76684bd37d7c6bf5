import { describe, expect, it } from '@jest/globals';
import {
  lookupMachine,
  resolveNodePrice,
  toNodeFacts,
  type Catalogue,
  type MachineQuery,
  type NodeFacts,
} from '@kubehero/domain';
import { AZURE_D4S, azurePage, catalogueOf, E2_RATES, gcpSku } from '../../support/pricing/samples.js';

const AZURE_RHEL = {
  ...AZURE_D4S,
  retailPrice: 0.06,
  unitPrice: 0.06,
  armRegionName: '',
  location: '',
  armSkuName: '',
  meterId: 'rhel-4',
  skuId: 'RHEL/4',
  meterName: '4 vCPU VM License',
  skuName: '4 vCPU VM',
  productName: 'Red Hat Enterprise Linux',
  serviceName: 'Virtual Machines Licenses',
};

function license(id: string, description: string, nanos: number): Record<string, unknown> {
  return gcpSku({ id, description, nanos, family: 'License', group: 'Google', regions: ['global'] });
}

const GOOGLE = [
  ...E2_RATES,
  license('R1', 'Licensing Fee for Red Hat Enterprise Linux 9 on VM with up to 8 VCPU', 14_400_000),
  license('R2', 'Licensing Fee for Red Hat Enterprise Linux 9 on VM with 9 to 127 VCPU', 10_800_000),
  license('R3', 'Licensing Fee for Red Hat Enterprise Linux 9 on VM with 128 VCPU or more', 9_600_000),
  license('R4', 'Licensing Fee for Red Hat Enterprise Linux 9 for SAP on VM with up to 8 VCPU', 99_000_000),
  license('S1', 'Licensing Fee for SLES 15 on VM with 6 VCPU or more', 110_000_000),
];

const AZURE: MachineQuery = {
  provider: 'azure',
  region: 'westeurope',
  instanceType: 'Standard_D4s_v5',
  os: 'rhel',
  purchaseModel: 'on-demand',
};

function googleQuery(instanceType: string, os: 'rhel' | 'suse'): MachineQuery {
  return { provider: 'gcp', region: 'us-central1', instanceType, os, purchaseModel: 'on-demand' };
}

function node(providerID: string, type: string, region: string, osImage: string): NodeFacts {
  const labels = {
    'node.kubernetes.io/instance-type': type,
    'topology.kubernetes.io/region': region,
  };
  return toNodeFacts({
    metadata: { name: 'n1', labels },
    spec: { providerID },
    status: { capacity: { cpu: '4', memory: '16Gi' }, nodeInfo: { osImage } },
  });
}

describe("Azure's licences of Red Hat and SUSE", () => {
  const suse = {
    ...AZURE_RHEL,
    productName: 'SUSE Linux Enterprise Server Standard',
    skuName: '3-4 vCPU VM',
    meterName: '3-4 vCPU VM Support',
    retailPrice: 0.2,
    meterId: 'suse',
    skuId: 'SUSE/3-4',
  };
  const page = azurePage([AZURE_D4S, AZURE_RHEL, suse, { ...AZURE_RHEL, productName: 'SQL Server Web' }]);
  const catalogue = (): Promise<Catalogue> => catalogueOf('azure-retail', [page]);

  it('come on top of the machine by its vCPUs', async () => {
    expect(lookupMachine(await catalogue(), AZURE).price).toBe('0.29');
    expect(lookupMachine(await catalogue(), { ...AZURE, os: 'suse' }).price).toBe('0.43');
  });

  it('go by the vCPUs that a size has switched on, or that were given', async () => {
    const list = await catalogueOf('azure-retail', [
      azurePage([{ ...AZURE_D4S, armSkuName: 'Standard_E16-4ds_v5' }, AZURE_RHEL]),
    ]);
    const constrained = { ...AZURE, instanceType: 'Standard_E16-4ds_v5' };
    expect(lookupMachine(list, constrained).price).toBe('0.29');
    expect(lookupMachine(list, { ...constrained, vcpus: '16' }).price).toBeNull();
  });

  it('are never guessed: a size without a fee is unpriced for who asks for it by name', async () => {
    const list = await catalogueOf('azure-retail', [
      azurePage([{ ...AZURE_D4S, armSkuName: 'Standard_D8s_v5' }, AZURE_RHEL]),
    ]);
    const answer = lookupMachine(list, { ...AZURE, instanceType: 'Standard_D8s_v5' });
    expect(answer.price).toBeNull();
    expect(answer.explanation.join(' ')).toContain('no rate for a machine of this size');
  });

  it("a node's image says which licence; without a rate its machine's price stands, and says so", async () => {
    const id = 'azure:///subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/n1';
    const facts = node(id, 'Standard_D4s_v5', 'westeurope', 'Red Hat Enterprise Linux 9.4 (Plow)');
    expect(resolveNodePrice(facts, await catalogue())).toMatchObject({ price: '0.29', os: 'rhel' });
    const bare = resolveNodePrice(facts, await catalogueOf('azure-retail', [azurePage([AZURE_D4S])]));
    expect(bare.price).toBe('0.23');
    expect(bare.explanation.join(' ')).toContain('priced without it');
  });
});

describe("Google's licences of Red Hat and SUSE", () => {
  const catalogue = (): Promise<Catalogue> => catalogueOf('gcp-skus', [{ skus: GOOGLE }]);

  it.each([
    // 4 vCPUs × 0.0144 and 16 × 0.0108 on top of the machine
    ['e2-standard-4', 'rhel', '0.19162284'],
    ['e2-standard-16', 'rhel', '0.70889136'],
    ['e2-standard-8', 'suse', '0.37804568'],
    ['e2-standard-4', 'suse', null],
  ] as const)('%s with %s costs %s', async (type, os, price) => {
    expect(lookupMachine(await catalogue(), googleQuery(type, os)).price).toBe(price);
  });

  it('a self-managed node on Red Hat pays its licence', async () => {
    const facts = node(
      'gce://project/us-central1-a/n1',
      'e2-standard-4',
      'us-central1',
      'Red Hat Enterprise Linux 9.4 (Plow)',
    );
    expect(resolveNodePrice(facts, await catalogue()).price).toBe('0.19162284');
  });
});
