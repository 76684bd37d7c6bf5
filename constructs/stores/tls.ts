import {
  Certificate,
  CertificateSpecPrivateKeyAlgorithm as KeyAlgorithm,
  CertificateSpecPrivateKeyRotationPolicy as RotationPolicy,
  CertificateSpecUsages as Usage,
} from '../../imports/cert-manager.io.js';
import { waves } from '../core/manifest.js';
import type { Faults } from '../core/faults.js';
import type { Mount } from '../core/pods.js';

/** Encryption of what goes to a store and between its servers; they listen without it no more. */
export interface StoreTls {
  /**
   * Secret of type `kubernetes.io/tls` in the store's namespace, with `ca.crt` beside certificate and key. cert-manager makes
   * it where `issuerRef` is given. @default - the one that `kubehero secrets create` makes
   */
  readonly existingSecret?: string;
  /** Issuer of cert-manager. @default - the Secret exists */
  readonly issuerRef?: IssuerRef;
  /**
   * Secret in the system namespace whose `ca.crt` the certificate chains to. @default - the one that `kubehero secrets create`
   * makes; where a ClusterIssuer is given, cert-manager makes one
   */
  readonly caSecret?: string;
}

/** An issuer of cert-manager. */
export interface IssuerRef {
  readonly name: string;
  /** @default 'ClusterIssuer' */
  readonly kind?: string;
  /** @default 'cert-manager.io' */
  readonly group?: string;
}

/** Names of Secrets when nobody says otherwise. */
export interface TlsSecretNames {
  readonly server: string;
  readonly ca: string;
}

/** Folder with `tls.crt`, `tls.key` and `ca.crt` in the containers of stores. */
export const tlsFolder = '/etc/kubehero/tls';

/** Secret of the servers, and Secret from which clients take the authority. */
export function tlsSecrets(tls: StoreTls, names: TlsSecretNames): TlsSecretNames {
  const server = tls.existingSecret ?? names.server;
  return { server, ca: tls.caSecret ?? (tls.issuerRef ? `${server}-client` : names.ca) };
}

/** The servers' Secret as a folder of a container. */
export function tlsMount(secret: string): Mount {
  const keys = ['ca.crt', 'tls.crt', 'tls.key'];
  return { path: tlsFolder, secret, items: Object.fromEntries(keys.map((key) => [key, key])) };
}

/** What {@link toCertificates} makes. */
interface CertificateInput {
  readonly tls: StoreTls;
  readonly secrets: TlsSecretNames;
  readonly namespace: string;
  readonly systemNamespace: string;
  readonly dnsNames: readonly string[];
}

/**
 * Certificates for cert-manager: the servers' own, and one in the system namespace for the sake of the authority beside it,
 * which cert-manager writes into the Secrets of its certificates alone. None where the Secrets exist.
 */
export function toCertificates({ tls, ...input }: CertificateInput): { id: string; manifest: unknown }[] {
  const { issuerRef } = tls;
  if (!issuerRef) return [];
  const make = (name: string, namespace: string, dnsNames: readonly string[]): unknown =>
    Certificate.manifest({
      metadata: { name, namespace },
      spec: {
        secretName: name,
        issuerRef: {
          name: issuerRef.name,
          kind: issuerRef.kind ?? 'ClusterIssuer',
          group: issuerRef.group ?? 'cert-manager.io',
        },
        dnsNames: [...dnsNames],
        duration: '2160h0m0s',
        renewBefore: '720h0m0s',
        privateKey: { algorithm: KeyAlgorithm.ECDSA, size: 256, rotationPolicy: RotationPolicy.ALWAYS },
        usages: [Usage.DIGITAL_SIGNATURE, Usage.SERVER_AUTH, Usage.CLIENT_AUTH],
      },
    });
  const { server, ca } = input.secrets;
  return [
    { id: 'Certificate', manifest: make(server, input.namespace, input.dnsNames) },
    ...(tls.caSecret === undefined
      ? [
          {
            id: 'CaCertificate',
            manifest: make(ca, input.systemNamespace, [`${ca}.${input.systemNamespace}`]),
          },
        ]
      : []),
  ];
}

/** Wave of the certificates: before the servers that mount them. */
export const certificateWave = waves.storeInputs;

/** Every name of a Service, or of pods behind it, from the shortest that is dialled to the full one. */
export function dnsNamesOf(host: string, namespace: string, clusterDomain: string): string[] {
  const qualified = `${host}.${namespace}`;
  return [host, qualified, `${qualified}.svc`, `${qualified}.svc.${clusterDomain}`];
}

/** Bounds of encryption. */
export function checkTls(faults: Faults, prop: string, tls: StoreTls | undefined): void {
  if (!tls) return;
  faults.dnsName(`${prop}.existingSecret`, tls.existingSecret);
  faults.dnsName(`${prop}.caSecret`, tls.caSecret);
  faults.dnsName(`${prop}.issuerRef.name`, tls.issuerRef?.name);
  faults.dnsName(`${prop}.issuerRef.group`, tls.issuerRef?.group);
  faults.check(
    tls.issuerRef?.kind !== 'Issuer' || tls.caSecret !== undefined,
    `${prop}.caSecret`,
    'an Issuer serves one namespace: name the Secret with ca.crt in the system namespace, or give a ClusterIssuer',
  );
}
