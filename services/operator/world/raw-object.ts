import type { Labels, OwnerRef } from './world-objects.js';

/** Metadata as the API gives it. */
export interface RawMetadata {
  readonly uid?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly deletionTimestamp?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly ownerReferences?: readonly (OwnerRef & { readonly controller?: boolean })[];
}

/** A pod template, of which the metadata is enough. */
export interface RawTemplate {
  readonly metadata?: RawMetadata;
}

/** An object of the API as far as projections read it; every field may be missing. */
export interface RawObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: RawMetadata;
  readonly spec?: {
    readonly replicas?: number | null;
    readonly suspend?: boolean | null;
    readonly minReplicas?: number | null;
    readonly parallelism?: number;
    readonly completions?: number | null;
    readonly managedBy?: string;
    readonly template?: RawTemplate;
    readonly jobTemplate?: { readonly spec?: { readonly template?: RawTemplate } };
    readonly scaleTargetRef?: {
      readonly apiVersion?: string;
      readonly kind?: string;
      readonly name?: string;
    };
    readonly nodeName?: string;
    readonly providerID?: string;
    readonly podCIDR?: string;
    readonly podCIDRs?: readonly string[];
    readonly type?: string;
    readonly clusterIPs?: readonly string[];
    readonly clusterIP?: string;
    readonly storageClassName?: string;
    readonly capacity?: { readonly storage?: string };
    readonly claimRef?: { readonly namespace?: string; readonly name?: string };
    readonly csi?: { readonly volumeHandle?: string };
    readonly awsElasticBlockStore?: { readonly volumeID?: string };
    readonly gcePersistentDisk?: { readonly pdName?: string };
    readonly azureDisk?: { readonly diskURI?: string };
    readonly hard?: { readonly pods?: string };
    readonly validations?: readonly { readonly message?: string }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly replicas?: number;
    readonly active?: number;
    readonly succeeded?: number;
    readonly conditions?: readonly { readonly type?: string; readonly status?: string }[];
    readonly addresses?: readonly { readonly address?: string }[];
    readonly loadBalancer?: {
      readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[];
    };
  };
  /** Of an EndpointSlice. */
  readonly endpoints?: readonly { readonly addresses?: readonly string[] }[] | null;
}
