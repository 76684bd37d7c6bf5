/** How many messages go each way in a call. */
export type MethodKind = 'unary' | 'serverStream' | 'clientStream' | 'bidiStream';

/**
 * A method as types see it: what travels, and what each side may leave out when it sends. The message properties
 * exist for the compiler only and are never there at run time.
 */
export interface MethodShape {
  readonly kind: MethodKind;
  /** What the server receives, every field present. */
  readonly request?: unknown;
  /** What the client gives. */
  readonly requestInput?: unknown;
  /** What the client receives, every field present. */
  readonly response?: unknown;
  /** What the server gives. */
  readonly responseInput?: unknown;
}

/** A service as types see it: its methods by name. */
export type ServiceShape = Readonly<Record<string, MethodShape>>;

/** A service of the protocol: full name and methods. Generated, one constant a service. */
export interface ServiceDescriptor<Shape = ServiceShape> {
  /** For example `kubehero.query.v1.CostService`. */
  readonly typeName: string;
  /** Methods by name, as in the .proto file. */
  readonly methods: { readonly [Method in keyof Shape]: { readonly kind: MethodKind } };
  /** For the compiler only; never there at run time. */
  readonly shape?: Shape;
}
