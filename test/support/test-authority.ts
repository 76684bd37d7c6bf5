import {
  CertificateAuthority,
  toTlsMaterial,
  type CaStore,
  type StoredCa,
  type TlsMaterial,
} from '@kubehero/rpc';
import { randomBytes } from 'node:crypto';

/** Keeps a certificate authority in memory, as the database would. */
export class MemoryCaStore implements CaStore {
  stored: StoredCa | undefined;

  load(): Promise<StoredCa | undefined> {
    return Promise.resolve(this.stored);
  }

  save(ca: StoredCa): Promise<StoredCa> {
    this.stored ??= ca;
    return Promise.resolve(this.stored);
  }
}

/** A certificate authority of its own, with a server's certificate for the loopback address. */
export interface TestAuthority {
  readonly authority: CertificateAuthority;
  readonly store: MemoryCaStore;
  readonly sealingKey: Uint8Array;
  readonly serverTls: TlsMaterial;
  readonly clusterTls: (clusterId: string, lifetimeMs?: number) => Promise<TlsMaterial>;
}

/** Makes a certificate authority that exists for one test. */
export async function makeTestAuthority(now?: () => Date): Promise<TestAuthority> {
  const store = new MemoryCaStore();
  const sealingKey = randomBytes(32);
  const authority = await CertificateAuthority.open({ store, sealingKey, ...(now ? { now } : {}) });
  const serverTls = toTlsMaterial(await authority.issueServer(['127.0.0.1', 'localhost']));
  return {
    authority,
    store,
    sealingKey,
    serverTls,
    clusterTls: async (clusterId, lifetimeMs) =>
      toTlsMaterial(await authority.issueCluster(clusterId, lifetimeMs)),
  };
}
