import {
  environmentNames,
  mountPaths,
  objectNames,
  ports,
  programs,
  secretCatalogue,
} from '@kubehero/contract';
import type { Construct } from 'constructs';
import { waves } from '../core/manifest.js';
import { tmpMount, toPodTemplate } from '../core/pods.js';
import type { Site } from '../core/site.js';
import { Workload } from '../core/workload.js';
import type { Peer } from '../policy/flows.js';

/** Input of {@link Dashboard}. */
export interface DashboardInput {
  readonly site: Site;
  readonly publicUrl: string;
  readonly controlPlane: Peer;
}

/** The dashboard: stateless, two replicas. */
export class Dashboard extends Workload {
  constructor(scope: Construct, id: string, input: DashboardInput) {
    const { site } = input;
    super(scope, id, {
      site,
      name: programs.dashboard.name,
      namespace: site.namespaces.system,
      component: site.component('dashboard'),
    });
    const replicas = this.component.replicas ?? site.sizing.components.dashboard.replicas;
    const controlPlane = `http://${objectNames.controlPlaneService}.${this.namespace}.svc.${site.clusterDomain}:${ports.controlPlaneHttp}`;
    this.emitServiceAccount();
    this.emitService({ http: ports.dashboard });
    if (replicas > 1) this.emitDisruptionBudget();
    const template = toPodTemplate({
      name: 'dashboard',
      selector: this.selector,
      image: site.image('dashboard'),
      args: programs.dashboard.args,
      env: {
        [environmentNames.httpListen]: `0.0.0.0:${ports.dashboard}`,
        [environmentNames.controlPlaneUrl]: controlPlane,
        [environmentNames.publicUrl]: input.publicUrl,
        [environmentNames.apiTokenFile]: `${mountPaths.api}/token`,
        [environmentNames.sessionKeyFile]: `${mountPaths.session}/session-key`,
      },
      mounts: [
        { path: mountPaths.api, secret: secretCatalogue.api.name },
        {
          path: mountPaths.session,
          secret: secretCatalogue.dashboard.name,
          items: { 'session-key': 'session-key' },
        },
        // Next.js keeps rendered pages and images here.
        { path: '/app/.next/cache', scratch: '64Mi' },
        tmpMount,
      ],
      resources: { ...site.sizing.components.dashboard.resources, ephemeralStorage: '256Mi' },
      component: this.component,
      features: site.features,
      ports: { http: ports.dashboard },
      probePort: ports.dashboard,
      serviceAccount: this.account,
      gracePeriodSeconds: 45,
      priorityClassName: 'kubehero-standard',
      pullSecrets: site.pullSecrets,
    });
    this.emitDeployment(template, { replicas, wave: waves.clients });
    site.flows.add(this.peer, input.controlPlane, ports.controlPlaneHttp);
    this.scraped(ports.dashboard);
  }
}
