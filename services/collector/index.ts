export { Collector } from './collector.js';
export type { CollectorOptions, NodeWatch } from './collector-options.js';
export type { CollectorStatistics } from './collector-statistics.js';
export { BpfError, type BpfErrorCode } from './bpf/bpf-error.js';
export { PrefixError, type TopologyPrefix } from './cgroups/network-classes.js';
export type { CollectorMode } from './cgroups/open-usage.js';
export type { OpenReport, ReportRequest, ReportResponse, ReportStream } from './uplink/messages.js';
export { reportOver } from './uplink/report-stream.js';
