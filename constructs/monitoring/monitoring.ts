import { httpPaths, ports, programs } from '@kubehero/contract';
import { KubeConfigMap } from '../../imports/k8s.js';
import {
  PodMonitor,
  type PodMonitorSpecPodMetricsEndpoints,
  PrometheusRule,
  PrometheusRuleSpecGroupsRulesExpr as Expr,
} from '../../imports/monitoring.coreos.com.js';
import type { Construct } from 'constructs';
import { Part, waves } from '../core/manifest.js';
import { labelsOf, selectorOf } from '../core/pods.js';
import type { Site } from '../core/site.js';
import { type Alert, type AlertInput, programAlerts, storeAlerts } from './alerts.js';
import { grafanaDashboard } from './grafana.js';

/** How the installation is watched. */
export interface MonitoringProps {
  /** False: no objects of prometheus-operator. @default true */
  readonly enabled?: boolean;
  /** Namespace of Prometheus, for the network policies. @default 'monitoring' */
  readonly namespace?: string;
  /** Labels by which Prometheus finds rules and monitors. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Page that the rules link to, an anchor an alert. @default - the project's own page */
  readonly runbookBaseUrl?: string;
  /** Adds a ConfigMap that Grafana's sidecar loads. @default true */
  readonly grafanaDashboard?: boolean;
}

/** Where the runbooks stand unless an installation has its own copy. */
export const defaultRunbookBaseUrl = 'https://github.com/kubehero/kubehero/blob/main/docs/runbooks.md';

/** What is scraped. */
interface Scrape {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly port: number;
  readonly path?: string;
}

/** PrometheusRules with their runbooks, PodMonitors, and a Grafana dashboard. */
export class Monitoring extends Part {
  constructor(
    scope: Construct,
    id: string,
    input: { readonly site: Site; readonly props: MonitoringProps; readonly alerts: AlertInput },
  ) {
    super(scope, id, { labels: { ...labelsOf('kubehero-monitoring'), ...input.props.labels } });
    const { site, props, alerts } = input;
    const base = props.runbookBaseUrl ?? defaultRunbookBaseUrl;
    this.emit(
      'PrometheusRule',
      PrometheusRule.manifest({
        metadata: { name: 'kubehero', namespace: site.namespaces.system },
        spec: {
          groups: [
            { name: 'kubehero.programs', rules: programAlerts(alerts).map((alert) => toRule(alert, base)) },
            ...(storeAlerts(alerts).length > 0
              ? [{ name: 'kubehero.stores', rules: storeAlerts(alerts).map((alert) => toRule(alert, base)) }]
              : []),
          ],
        },
      }),
      { wave: waves.monitoring },
    );
    for (const scrape of scrapes(site, alerts)) this.#emitPodMonitor(scrape);
    if (props.grafanaDashboard ?? true) {
      this.emit(
        'Grafana',
        KubeConfigMap.manifest({
          metadata: {
            name: 'kubehero-grafana',
            namespace: site.namespaces.system,
            labels: { grafana_dashboard: '1' },
          },
          data: { 'kubehero.json': `${JSON.stringify(grafanaDashboard(), null, 2)}\n` },
        }),
        { wave: waves.monitoring },
      );
    }
  }

  #emitPodMonitor(scrape: Scrape): void {
    const endpoint: PodMonitorSpecPodMetricsEndpoints = {
      portNumber: scrape.port,
      path: scrape.path ?? httpPaths.metrics,
      interval: '15s',
      relabelings: [{ targetLabel: 'service', replacement: scrape.name }],
    };
    this.emit(
      `PodMonitor-${scrape.name}`,
      PodMonitor.manifest({
        metadata: { name: scrape.name, namespace: scrape.namespace },
        spec: { selector: { matchLabels: { ...scrape.labels } }, podMetricsEndpoints: [endpoint] },
      }),
      { wave: waves.monitoring },
    );
  }
}

function toRule(
  alert: Alert,
  base: string,
): {
  alert: string;
  expr: Expr;
  for: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
} {
  return {
    alert: alert.alert,
    expr: Expr.fromString(alert.expr),
    for: alert.for,
    labels: { severity: alert.severity, component: 'kubehero' },
    annotations: {
      summary: alert.summary,
      description: alert.runbook,
      runbook_url: `${base}#${alert.alert.toLowerCase()}`,
    },
  };
}

function scrapes(site: Site, alerts: AlertInput): Scrape[] {
  const own = (name: string, port: number, namespace = site.namespaces.system): Scrape => ({
    name,
    namespace,
    labels: selectorOf(name),
    port,
  });
  return [
    own(programs.controlPlane.name, ports.controlPlaneHttp),
    own(programs.operator.name, ports.operatorHttp),
    own(programs.collector.name, ports.collectorHttp, site.namespaces.collector),
    own(programs.dashboard.name, ports.dashboard),
    ...(alerts.pricing ? [own(programs.pricing.name, ports.pricingHttp)] : []),
    ...(alerts.dex ? [own('dex', 5558)] : []),
    ...(alerts.postgres
      ? [
          {
            name: 'kubehero-postgres',
            namespace: alerts.postgresNamespace,
            labels: { 'cnpg.io/cluster': 'kubehero-postgres' },
            port: 9187,
          },
        ]
      : []),
    ...(alerts.clickhouse
      ? [
          {
            name: 'clickhouse',
            namespace: alerts.clickhouseNamespace,
            labels: { 'clickhouse.altinity.com/chi': 'kubehero' },
            port: 9363,
          },
        ]
      : []),
    ...(alerts.keeper
      ? [{ ...own('kubehero-keeper', 7000, alerts.clickhouseNamespace), labels: alerts.keeper }]
      : []),
    ...(alerts.valkey ? [own('kubehero-valkey', 9121, alerts.valkeyNamespace)] : []),
  ];
}
