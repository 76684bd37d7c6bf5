export { AirGapOverlay, type AirGapOverlayProps } from './airgap/air-gap-overlay.js';
export { type MirroredImage } from './airgap/images-txt.js';
export { type ComponentProps } from './core/component.js';
export { ConstructsError, type ConstructsErrorCode, type Fault } from './core/faults.js';
export {
  ImageLock,
  type ImageLockDocument,
  type ImageRole,
  imageRoles,
  type LockedImage,
} from './core/images.js';
export { Manifest, Part } from './core/manifest.js';
export { type Resources } from './core/quantities.js';
export { type SiteNamespaces } from './core/site.js';
export {
  type ComponentSize,
  describeSizing,
  type SizedComponent,
  sizeFor,
  type Sizing,
  type SizingInput,
} from './core/sizing.js';
export { type KubernetesVersion, kubernetesVersions, type OperatorVersions } from './core/versions.js';
export { type EdgeParts, KubeHeroEdge, type KubeHeroEdgeProps } from './edge/kubehero-edge.js';
export { type CollectorMode } from './hub/collector.js';
export { type ExposureProps, type GatewayProps, type IngressProps } from './hub/exposure.js';
export { type HubParts } from './hub/hub-builder.js';
export {
  type HubComponent,
  type InstallationProps,
  type KubeHeroHubProps,
  type NetworkRates,
  type ResourceAmounts,
} from './hub/hub-props.js';
export { KubeHeroHub } from './hub/kubehero-hub.js';
export { type PriceMirrors, type PriceSource, type PricingProps } from './hub/pricing-engine.js';
export { type MonitoringProps } from './monitoring/monitoring.js';
export { BudgetPolicy, type BudgetPolicyProps, type LabelSelector } from './policy/budget-policy.js';
export { type ImageVerificationProps } from './policy/image-verification.js';
export { type DnsProps } from './policy/network-policies.js';
export { type ClickHouseProps, type DeployedClickHouseProps } from './stores/clickhouse.js';
export { type ExistingSecret, type ExternalServer } from './stores/connection.js';
export { type DeployedDexProps, type DexConnector, type DexProps } from './stores/dex.js';
export {
  type DeployedPostgresProps,
  type PostgresBackupProps,
  type PostgresProps,
  type ReplicaOf,
} from './stores/postgres.js';
export { type S3Location } from './stores/s3.js';
export { type IssuerRef, type StoreTls } from './stores/tls.js';
export { type DeployedValkeyProps, type ValkeyProps } from './stores/valkey.js';
export {
  ArgoApplications,
  type ArgoApplicationsProps,
  type OperatorChart,
} from './gitops/argo-applications.js';
export { PostgresRestore, type PostgresRestoreProps } from './stores/postgres-restore.js';
