import { annotationKeys } from '@kubehero/contract';
import { parseQuantity, QuantityError } from '@kubehero/kubernetes';
import type { Interner } from './interner.js';
import type { RawMetadata, RawObject } from './raw-object.js';
import type {
  EndpointSlice,
  Guard,
  Labels,
  Namespace,
  Node,
  OwnerRef,
  Pod,
  Service,
  Volume,
  WorldKind,
  WorldObject,
} from './world-objects.js';

/** What a projection is told about the collection that an object comes from. */
export interface ProjectionContext {
  readonly kind: WorldKind;
  readonly apiVersion: string;
  readonly interner: Interner;
}

/** The part that all projections share. */
export function toWorldObject(
  raw: RawObject,
  { kind, apiVersion, interner }: ProjectionContext,
): WorldObject {
  const { uid = '', namespace, name = '', resourceVersion = '' } = raw.metadata ?? {};
  return { kind, apiVersion, uid, namespace: interner.text(namespace), name, resourceVersion };
}

/** True where metadata say `kubehero.io/protected: "true"`, as a label or as an annotation. */
export function isProtected(metadata: RawMetadata | undefined): boolean {
  const key = annotationKeys.protected;
  return metadata?.labels?.[key] === 'true' || metadata?.annotations?.[key] === 'true';
}

/** The controller among an object's owners. */
export function controllerOf(metadata: RawMetadata | undefined, interner: Interner): OwnerRef | undefined {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true);
  return owner && interner.owner(owner);
}

export function toNamespace(raw: RawObject, context: ProjectionContext): Namespace {
  return {
    ...toWorldObject(raw, context),
    labels: context.interner.labels(raw.metadata?.labels),
    isProtected: isProtected(raw.metadata),
    isTerminating: raw.metadata?.deletionTimestamp !== undefined,
  };
}

export function toNode(raw: RawObject, context: ProjectionContext): Node {
  const { spec = {}, status = {} } = raw;
  return {
    ...toWorldObject(raw, context),
    providerId: spec.providerID ?? '',
    labels: context.interner.labels(raw.metadata?.labels),
    annotations: ours(raw.metadata?.annotations),
    podCidrs: spec.podCIDRs ?? (spec.podCIDR === undefined ? [] : [spec.podCIDR]),
    addresses: present((status.addresses ?? []).map(({ address }) => address)),
  };
}

export function toPod(raw: RawObject, context: ProjectionContext): Pod {
  const { metadata } = raw;
  const phase = raw.status?.phase;
  return {
    ...toWorldObject(raw, context),
    labels: context.interner.labels(metadata?.labels),
    nodeName: context.interner.text(raw.spec?.nodeName),
    owner: controllerOf(metadata, context.interner),
    isStatic: metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined,
    isProtected: isProtected(metadata),
    isTerminating: metadata?.deletionTimestamp !== undefined,
    isFinished: phase === 'Succeeded' || phase === 'Failed',
  };
}

export function toVolume(raw: RawObject, context: ProjectionContext): Volume {
  const { spec = {} } = raw;
  return {
    ...toWorldObject(raw, context),
    storageClass: context.interner.text(spec.storageClassName),
    volumeHandle:
      spec.csi?.volumeHandle ??
      spec.awsElasticBlockStore?.volumeID ??
      spec.gcePersistentDisk?.pdName ??
      spec.azureDisk?.diskURI ??
      '',
    capacityBytes: bytesOf(spec.capacity?.storage ?? '0'),
    claimNamespace: context.interner.text(spec.claimRef?.namespace),
    claimName: spec.claimRef?.name ?? '',
  };
}

export function toService(raw: RawObject, context: ProjectionContext): Service {
  const { spec = {}, status = {} } = raw;
  const ips = spec.clusterIPs ?? present([spec.clusterIP]);
  return {
    ...toWorldObject(raw, context),
    type: context.interner.text(spec.type ?? 'ClusterIP'),
    clusterIps: ips.filter((address) => address !== '' && address !== 'None'),
    loadBalancerAddresses: present(
      (status.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname),
    ),
  };
}

export function toEndpointSlice(raw: RawObject, context: ProjectionContext): EndpointSlice {
  return {
    ...toWorldObject(raw, context),
    service: raw.metadata?.labels?.['kubernetes.io/service-name'] ?? '',
    addresses: (raw.endpoints ?? []).flatMap(({ addresses }) => addresses ?? []),
  };
}

/** {@link Guard.message} of a quota that lets no pod in. */
export const quotaCloses = 'pods: 0';

export function toGuard(raw: RawObject, context: ProjectionContext): Guard {
  const { metadata, spec = {} } = raw;
  return {
    ...toWorldObject(raw, context),
    record: metadata?.annotations?.[annotationKeys.guard],
    generation: String(metadata?.generation ?? ''),
    message: spec.validations?.[0]?.message ?? (spec.hard?.pods === '0' ? quotaCloses : ''),
  };
}

function ours(annotations: Labels | undefined): Labels {
  return Object.fromEntries(
    Object.entries(annotations ?? {}).filter(([key]) => key.startsWith('kubehero.io/')),
  );
}

function present(values: readonly (string | undefined)[]): string[] {
  return values.filter((value) => value !== undefined);
}

/** A capacity that is none is of no size: the inventory shows zero, and nothing is priced by a guess. */
function bytesOf(text: string): bigint {
  try {
    return parseQuantity(text, 0);
  } catch (error) {
    if (error instanceof QuantityError) return 0n;
    throw error;
  }
}
