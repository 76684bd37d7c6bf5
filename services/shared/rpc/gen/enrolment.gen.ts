// Generated from the .proto files by `npm run generate:rpc`. Do not edit.
import type { ServiceDescriptor } from '../definitions/service-shape.js';

/** Methods of {@link EnrolmentService}, for the compiler. */
export type EnrolmentServiceShape = {
  /** Signs a certificate request. The caller's cluster is taken from its certificate, never from the request. */
  Enrol: { kind: 'unary'; request: EnrolRequest; requestInput: EnrolRequestInput; response: EnrolResponse; responseInput: EnrolResponseInput };
};

/** Issues short-lived certificates. Callable with a cluster's certificate, or with one that it enrolled (renewal). */
export const EnrolmentService: ServiceDescriptor<EnrolmentServiceShape> = {
  typeName: 'kubehero.enrolment.v1.EnrolmentService',
  methods: {
    Enrol: { kind: 'unary' },
  },
};

/** Asks for a certificate. */
export interface EnrolRequest {
  /** PKCS #10 request, DER. */
  readonly csr: Buffer;
  /** What the certificate is for: "collector", "operator" or "emitter"; becomes part of the URI SAN. */
  readonly role: string;
  /** Which one: the node's name, the operator's pod. */
  readonly name: string;
}

/** {@link EnrolRequest} as it is given to be sent: what is left out has its default. */
export interface EnrolRequestInput {
  /** PKCS #10 request, DER. */
  readonly csr?: Uint8Array | undefined;
  /** What the certificate is for: "collector", "operator" or "emitter"; becomes part of the URI SAN. */
  readonly role?: string | undefined;
  /** Which one: the node's name, the operator's pod. */
  readonly name?: string | undefined;
}

/** A signed certificate. */
export interface EnrolResponse {
  /** Certificate and intermediates, PEM, leaf first. */
  readonly certificateChainPem: string;
  /** Roots to trust from now on, PEM. */
  readonly caBundlePem: string;
  /** When to ask for the next one and when this one ends, epoch seconds. */
  readonly renewAtS: string;
  readonly expiresAtS: string;
}

/** {@link EnrolResponse} as it is given to be sent: what is left out has its default. */
export interface EnrolResponseInput {
  /** Certificate and intermediates, PEM, leaf first. */
  readonly certificateChainPem?: string | undefined;
  /** Roots to trust from now on, PEM. */
  readonly caBundlePem?: string | undefined;
  /** When to ask for the next one and when this one ends, epoch seconds. */
  readonly renewAtS?: string | number | undefined;
  readonly expiresAtS?: string | number | undefined;
}
