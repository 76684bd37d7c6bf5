import { checkComponent } from '../core/component.js';
import type { Faults } from '../core/faults.js';
import { ImageLock, type ImageRole } from '../core/images.js';
import { kubernetesVersions } from '../core/versions.js';
import { resolveNamespaces } from '../core/build-site.js';
import type { DnsProps } from '../policy/network-policies.js';
import type { InstallationProps } from './hub-props.js';

/** Every fault of the props that hub and edge share. */
export function checkInstallation(
  faults: Faults,
  props: InstallationProps,
  roles: readonly ImageRole[],
): void {
  faults.integer('nodes', props.nodes, [1, 20_000]);
  const known = props.kubernetesVersion === undefined || kubernetesVersions.includes(props.kubernetesVersion);
  faults.check(known, 'kubernetesVersion', `'${props.kubernetesVersion}' is not supported: use 1.28 to 1.37`);
  if (
    faults.check(
      props.images instanceof ImageLock,
      'images',
      'must be an ImageLock: ImageLock.fromFile("images.lock.json")',
    )
  ) {
    const missing = roles.filter((role) => props.images.tryFind(role) === undefined);
    faults.check(
      missing.length === 0,
      'images',
      `the lock holds no ${missing.join(', ')}: run 'kubehero images lock'`,
    );
  }
  checkNamespaces(faults, props);
  faults.hostName('clusterDomain', props.clusterDomain);
  for (const secret of props.imagePullSecrets ?? []) faults.dnsName('imagePullSecrets', secret);
  if (props.apiServerCidrs?.length !== 0) faults.cidrs('apiServerCidrs', props.apiServerCidrs);
  faults.check(
    props.apiServerCidrs?.length !== 0,
    'apiServerCidrs',
    'must not be empty: programs could not reach the API server',
  );
  checkComponent(faults, 'defaults', props.defaults);
  faults.check(
    props.defaults?.serviceAccountName === undefined,
    'defaults.serviceAccountName',
    'one account for all would have the rights of all: give it to single components',
  );
  checkDns(faults, props.dns ?? {});
  faults.dnsLabel('monitoring.namespace', props.monitoring?.namespace);
  const runbooks = props.monitoring?.runbookBaseUrl;
  if (runbooks !== undefined)
    faults.check(
      /^https?:/.test(runbooks) && URL.canParse(runbooks),
      'monitoring.runbookBaseUrl',
      `'${runbooks}' is no URL: write https://runbooks.example.com`,
    );
  const log = props.imageVerification?.transparencyLog;
  if (log !== undefined)
    faults.check(
      log.startsWith('https://') && URL.canParse(log),
      'imageVerification.transparencyLog',
      `'${log}' is no URL of a log: write https://rekor.example.com`,
    );
  const key = props.imageVerification?.publicKey;
  if (key !== undefined)
    faults.check(
      /^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----\n?$/.test(key),
      'imageVerification.publicKey',
      'must be a public key in PEM',
    );
}

function checkNamespaces(faults: Faults, props: InstallationProps): void {
  const names = Object.entries<string>({ ...resolveNamespaces(props.namespaces) });
  for (const [key, value] of names) {
    faults.dnsLabel(`namespaces.${key}`, value);
    faults.check(
      !/^(default|kube-.*)$/.test(value),
      `namespaces.${key}`,
      `'${value}' is the cluster's own, whose pods would be denied and restricted: choose another`,
    );
  }
  const collector = resolveNamespaces(props.namespaces).collector;
  faults.check(
    names.filter(([, value]) => value === collector).length === 1,
    'namespaces.collector',
    `'${collector}' must hold nothing but the collector, because it cannot be restricted: give it a namespace of its own`,
  );
  faults.check(
    props.monitoring?.namespace !== collector,
    'monitoring.namespace',
    `'${collector}' admits nothing but the collector: Prometheus needs another one`,
  );
}

function checkDns(faults: Faults, dns: DnsProps): void {
  faults.dnsLabel('dns.namespace', dns.namespace);
  for (const port of dns.ports ?? []) faults.integer('dns.ports', port, [1, 65_535]);
  faults.check(dns.ports?.length !== 0, 'dns.ports', 'must not be empty: no name would resolve');
  for (const cidr of dns.nodeLocalCidrs ?? []) faults.cidr('dns.nodeLocalCidrs', cidr);
}

/** A bundle of certificates in PEM, and nothing else. */
export function checkCaBundle(faults: Faults, prop: string, bundle: string): void {
  faults.check(
    !bundle.includes('PRIVATE KEY'),
    prop,
    'holds a private key: give the certificates alone, keys never pass through synthesis',
  );
  faults.check(
    /^(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n*)+$/.test(bundle),
    prop,
    'must be one or more certificates in PEM',
  );
}
