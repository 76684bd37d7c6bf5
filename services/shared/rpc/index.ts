export * as admin from './gen/admin.gen.js';
export * as budget from './gen/budget.gen.js';
export * as enrolment from './gen/enrolment.gen.js';
export * as inventory from './gen/inventory.gen.js';
export * as pricing from './gen/pricing.gen.js';
export * as query from './gen/query.gen.js';
export * as telemetry from './gen/telemetry.gen.js';
export { Protocol, defaultProtocol } from './definitions/protocol.js';
export { findProtoDirectory, listProtoFiles, ProtoDirectoryError } from './definitions/proto-directory.js';
export { generateTypes, type GeneratedFile } from './definitions/generate-types.js';
export type {
  MethodKind,
  MethodShape,
  ServiceDescriptor,
  ServiceShape,
} from './definitions/service-shape.js';
export {
  fromGrpcError,
  fromGrpcStatus,
  RpcError,
  rpcCodes,
  toGrpcStatus,
  toRpcError,
  type ErrorCodes,
  type RpcCode,
} from './errors.js';
export { requirePeer, type CallContext, type Caller } from './server/call-context.js';
export { askForToken, type TokenGuard } from './server/token-check.js';
export {
  implement,
  type Handler,
  type Handlers,
  type Implementation,
  type ServerStream,
} from './server/implementation.js';
export {
  invalidArgument,
  RpcListenError,
  RpcServer,
  type RpcLogger,
  type RpcServerOptions,
} from './server/rpc-server.js';
export {
  HubConnection,
  HubConnectionError,
  readHub,
  type HubAddress,
  type HubConnectionOptions,
} from './client/hub-connection.js';
export { RpcChannel, type RpcChannelOptions } from './client/rpc-channel.js';
export type { CallOptions, ClientMethod, ClientStream, RpcClient } from './client/client-types.js';
export {
  certificateRoles,
  isCertificateName,
  isClusterId,
  parseSpiffeId,
  readPeerIdentity,
  toSpiffeId,
  type CertificateRole,
  type PeerIdentity,
} from './certificates/peer-identity.js';
export { fixedTls, MutableTls, type TlsMaterial, type TlsSource } from './certificates/tls-source.js';
export { CaError, type CaErrorCode, type CaStore, type StoredCa } from './certificates/ca-store.js';
export {
  CertificateAuthority,
  certificateLifetimesMs,
  toTlsMaterial,
  type CertificateAuthorityOptions,
  type IssuedCertificate,
  type IssuedIdentity,
} from './certificates/certificate-authority.js';
export { makeCertificateRequest, type CertificateRequest } from './certificates/certificate-request.js';
export { enrolmentService, type EnrolmentOptions } from './certificates/enrolment-service.js';
export { EnrolledIdentity, type EnrolledIdentityOptions } from './certificates/enrolled-identity.js';
export { ServerIdentity, type ServerIdentityOptions } from './certificates/server-identity.js';
export { connectRoutes, type ConnectOptions, type ConnectRoute } from './connect/connect-routes.js';
export {
  createConnectClient,
  type ConnectClient,
  type ConnectClientOptions,
  type UnaryOf,
} from './connect/connect-client.js';
export { messageFromJson, messageToJson, type JsonReadOptions } from './connect/json-codec.js';
export type { JsonObject, JsonValue } from './connect/json-scalars.js';
export { ClientFileError, parseClientFile, readClientFile, type ClientFile } from './connect/client-file.js';
