/** Default ports of the programs; a manifest and a program read them here, so that they cannot disagree. */
export const ports = {
  /** Control plane: health, metrics, queries (Connect protocol), live stream, OpenCost-compatible API. */
  controlPlaneHttp: 9400,
  /** Control plane: gRPC over mutual TLS. */
  controlPlaneGrpc: 9443,
  /** Dashboard: pages. */
  dashboard: 9480,
  /** Collector: health and metrics. */
  collectorHttp: 9410,
  /** Operator: health and metrics. */
  operatorHttp: 9420,
  /** Pricing engine: health and metrics. */
  pricingHttp: 9430,
} as const;
