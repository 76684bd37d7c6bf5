/** Names of the metrics that alerts and dashboards read; a program that exposes one MUST take its name from here. */
export const metricNames = {
  podCostUsdPerSecond: 'kubehero_pod_cost_usd_per_second',
  /** Gauge per node, label `node`: epoch seconds of the last sealed second that the control plane holds. */
  collectorLastSecond: 'kubehero_collector_last_second_timestamp_seconds',
  /** Gauge: 1 on the leader, 0 on a follower. */
  controlPlaneLeader: 'kubehero_control_plane_leader',
  /** Histogram of one reconciliation of the operator. */
  operatorReconcileDuration: 'kubehero_operator_reconcile_duration_seconds',
  /** Gauges of the operator, label `policy`: spend and ceiling of the period in its currency, objects held stopped. */
  policySpend: 'kubehero_policy_spend',
  policyCeiling: 'kubehero_policy_ceiling',
  policyStopped: 'kubehero_policy_stopped_objects',
  /** Gauge, labels `policy` and `phase`: 1 for the phase that the policy is in. */
  policyPhase: 'kubehero_policy_phase',
  /** Histogram: from the arrival of a verdict above the ceiling to the last write that it takes. */
  policyEnforcementDuration: 'kubehero_policy_enforcement_duration_seconds',
  /** Gauge of the operator: 1 while its stream to the hub is open. */
  operatorHubConnected: 'kubehero_operator_hub_connected',
  /** Gauge of the operator: 1 on the active replica, 0 on the warm one. */
  operatorActive: 'kubehero_operator_active',
  /** Gauge of the operator: policies that wait for their reconciliation. */
  operatorQueueDepth: 'kubehero_operator_queue_depth',
  /** Gauges, label `store` (postgres, clickhouse, valkey): connections in use, and the most there may be. */
  storePoolInUse: 'kubehero_store_pool_in_use',
  storePoolSize: 'kubehero_store_pool_size',
  /** Gauge, label `source`: epoch seconds of the newest price version that is in force. */
  pricingLastSuccess: 'kubehero_pricing_last_success_timestamp_seconds',
  /** Gauge: parts of a price version that wait for a person. */
  pricingQuarantined: 'kubehero_pricing_quarantined_parts',
  /** Gauges: number of the version in force; label `source`: prices that it holds; label `kind` (added, changed, removed): what it changed. */
  pricingVersion: 'kubehero_pricing_version',
  pricingRows: 'kubehero_pricing_rows',
  pricingChanges: 'kubehero_pricing_changed_rows',
  /** Counter, label `reason`: batches that the control plane refused. */
  ingestRefused: 'kubehero_ingest_refused_total',
  /** Gauge, label `cluster`: node-seconds that were paid for and not observed in the last hour. */
  unobservedNodeSeconds: 'kubehero_unobserved_node_seconds',
  /** Gauge, label `cluster`: nodes without a price. */
  unpricedNodes: 'kubehero_unpriced_nodes',
  /** Gauge, label `cluster`: epoch seconds at which the cluster's certificate ends. */
  clusterCertificateExpiry: 'kubehero_cluster_certificate_expiry_timestamp_seconds',
} as const;
