// Generated from the .proto files by `npm run generate:rpc`. Do not edit.
import type { ServiceDescriptor } from '../definitions/service-shape.js';

/** Methods of {@link ClusterService}, for the compiler. */
export type ClusterServiceShape = {
  /** Registers a cluster and issues its certificate. The private key is in the answer alone: it is stored nowhere. */
  AddCluster: { kind: 'unary'; request: AddClusterRequest; requestInput: AddClusterRequestInput; response: AddClusterResponse; responseInput: AddClusterResponseInput };
  /** Every registered cluster. */
  ListClusters: { kind: 'unary'; request: ListClustersRequest; requestInput: ListClustersRequestInput; response: ListClustersResponse; responseInput: ListClustersResponseInput };
  /**
   * Ends a registration: within seconds its certificates are refused and its open streams end, on every replica; what
   * it cost stays readable.
   */
  RemoveCluster: { kind: 'unary'; request: RemoveClusterRequest; requestInput: RemoveClusterRequestInput; response: RemoveClusterResponse; responseInput: RemoveClusterResponseInput };
  /**
   * Issues a new certificate. The ones before stay valid for the time of grace, in which the cluster's programs enrol
   * with the new one; then they, and what was enrolled with them, are refused and their open streams end.
   */
  RotateCluster: { kind: 'unary'; request: RotateClusterRequest; requestInput: RotateClusterRequestInput; response: RotateClusterResponse; responseInput: RotateClusterResponseInput };
};

/** Registers clusters. Served as the Connect protocol on the HTTP port, with a bearer token of an administrator. */
export const ClusterService: ServiceDescriptor<ClusterServiceShape> = {
  typeName: 'kubehero.admin.v1.ClusterService',
  methods: {
    AddCluster: { kind: 'unary' },
    ListClusters: { kind: 'unary' },
    RemoveCluster: { kind: 'unary' },
    RotateCluster: { kind: 'unary' },
  },
};

/** Asks for a registration. */
export interface AddClusterRequest {
  /** Name that people use; unique among registered clusters, a dimension and not an identity. */
  readonly name: string;
  /** "aws", "azure", "gcp", "onprem" or empty. */
  readonly cloud: string;
  /** Region as the cloud names it. */
  readonly region: string;
  /** What budgets and queries select clusters by. */
  readonly labels: Readonly<Record<string, string>>;
}

/** {@link AddClusterRequest} as it is given to be sent: what is left out has its default. */
export interface AddClusterRequestInput {
  /** Name that people use; unique among registered clusters, a dimension and not an identity. */
  readonly name?: string | undefined;
  /** "aws", "azure", "gcp", "onprem" or empty. */
  readonly cloud?: string | undefined;
  /** Region as the cloud names it. */
  readonly region?: string | undefined;
  /** What budgets and queries select clusters by. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** A cluster's identity and the certificate by which its collectors and operator enrol. */
export interface AddClusterResponse {
  /** Given once, never reused; stands in the URI SAN of every certificate of the cluster. */
  readonly clusterId: string;
  /** Certificate and intermediates, PEM, leaf first. */
  readonly certificatePem: string;
  /** PKCS #8, PEM. */
  readonly privateKeyPem: string;
  /** What the hub's own certificate chains to, PEM. */
  readonly caBundlePem: string;
}

/** {@link AddClusterResponse} as it is given to be sent: what is left out has its default. */
export interface AddClusterResponseInput {
  /** Given once, never reused; stands in the URI SAN of every certificate of the cluster. */
  readonly clusterId?: string | undefined;
  /** Certificate and intermediates, PEM, leaf first. */
  readonly certificatePem?: string | undefined;
  /** PKCS #8, PEM. */
  readonly privateKeyPem?: string | undefined;
  /** What the hub's own certificate chains to, PEM. */
  readonly caBundlePem?: string | undefined;
}

/** The message ListClustersRequest, as received. */
export interface ListClustersRequest {
}

/** {@link ListClustersRequest} as it is given to be sent: what is left out has its default. */
export interface ListClustersRequestInput {
}

/** The message ListClustersResponse, as received. */
export interface ListClustersResponse {
  readonly clusters: readonly (Cluster)[];
}

/** {@link ListClustersResponse} as it is given to be sent: what is left out has its default. */
export interface ListClustersResponseInput {
  readonly clusters?: readonly (ClusterInput)[] | undefined;
}

/** A registered cluster. */
export interface Cluster {
  readonly clusterId: string;
  readonly name: string;
  readonly cloud: string;
  readonly region: string;
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339; when the cluster was registered, and when its newest certificate ends. */
  readonly registeredAt: string;
  readonly certificateExpiresAt: string;
}

/** {@link Cluster} as it is given to be sent: what is left out has its default. */
export interface ClusterInput {
  readonly clusterId?: string | undefined;
  readonly name?: string | undefined;
  readonly cloud?: string | undefined;
  readonly region?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** RFC 3339; when the cluster was registered, and when its newest certificate ends. */
  readonly registeredAt?: string | undefined;
  readonly certificateExpiresAt?: string | undefined;
}

/** The message RemoveClusterRequest, as received. */
export interface RemoveClusterRequest {
  /** Identity or name. */
  readonly cluster: string;
}

/** {@link RemoveClusterRequest} as it is given to be sent: what is left out has its default. */
export interface RemoveClusterRequestInput {
  /** Identity or name. */
  readonly cluster?: string | undefined;
}

/** The message RemoveClusterResponse, as received. */
export interface RemoveClusterResponse {
  readonly clusterId: string;
}

/** {@link RemoveClusterResponse} as it is given to be sent: what is left out has its default. */
export interface RemoveClusterResponseInput {
  readonly clusterId?: string | undefined;
}

/** The message RotateClusterRequest, as received. */
export interface RotateClusterRequest {
  /** Identity or name. */
  readonly cluster: string;
  /** How long the certificates before stay valid, seconds; 0 ends them at once. */
  readonly graceS: number;
}

/** {@link RotateClusterRequest} as it is given to be sent: what is left out has its default. */
export interface RotateClusterRequestInput {
  /** Identity or name. */
  readonly cluster?: string | undefined;
  /** How long the certificates before stay valid, seconds; 0 ends them at once. */
  readonly graceS?: number | undefined;
}

/** The message RotateClusterResponse, as received. */
export interface RotateClusterResponse {
  readonly clusterId: string;
  /** As in AddClusterResponse. */
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly caBundlePem: string;
}

/** {@link RotateClusterResponse} as it is given to be sent: what is left out has its default. */
export interface RotateClusterResponseInput {
  readonly clusterId?: string | undefined;
  /** As in AddClusterResponse. */
  readonly certificatePem?: string | undefined;
  readonly privateKeyPem?: string | undefined;
  readonly caBundlePem?: string | undefined;
}

/** Methods of {@link SessionService}, for the compiler. */
export type SessionServiceShape = {
  /** Uses a one-time login token up. */
  Redeem: { kind: 'unary'; request: RedeemRequest; requestInput: RedeemRequestInput; response: RedeemResponse; responseInput: RedeemResponseInput };
};

/** Logs people in. Served as the Connect protocol on the HTTP port, with the dashboard's bearer token. */
export const SessionService: ServiceDescriptor<SessionServiceShape> = {
  typeName: 'kubehero.admin.v1.SessionService',
  methods: {
    Redeem: { kind: 'unary' },
  },
};

/** The token of a one-time link. */
export interface RedeemRequest {
  readonly token: string;
}

/** {@link RedeemRequest} as it is given to be sent: what is left out has its default. */
export interface RedeemRequestInput {
  readonly token?: string | undefined;
}

/** Who is logged in, and until when. */
export interface RedeemResponse {
  readonly subject: string;
  /** Epoch seconds. */
  readonly expiresAtS: string;
}

/** {@link RedeemResponse} as it is given to be sent: what is left out has its default. */
export interface RedeemResponseInput {
  readonly subject?: string | undefined;
  /** Epoch seconds. */
  readonly expiresAtS?: string | number | undefined;
}
