import { namespaces as contractNamespaces } from '@kubehero/contract';
import type { InstallationProps } from '../hub/hub-props.js';
import { cidrs, Flows, namespace } from '../policy/flows.js';
import { type ComponentProps, mergeComponent } from './component.js';
import { ConstructsError } from './faults.js';
import type { ImageRole } from './images.js';
import type { Site, SiteNamespaces } from './site.js';
import { type Sizing, sizeFor, type SizingInput } from './sizing.js';
import {
  defaultKubernetesVersion,
  featuresOf,
  type OperatorVersions,
  resolveOperatorVersions,
} from './versions.js';

/** Ranges in which the endpoints of an API server stand when nobody says more. */
export const privateRanges = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'] as const;

/** What {@link buildSite} needs beside the common props. */
export interface BuildSiteInput {
  readonly props: InstallationProps;
  readonly sizing: SizingInput;
  readonly storageClassName?: string | undefined;
  readonly operators?: OperatorVersions | undefined;
  readonly components: Readonly<Partial<Record<string, ComponentProps>>>;
}

/** Namespaces after defaults. */
export function resolveNamespaces(given: Partial<SiteNamespaces> | undefined): SiteNamespaces {
  return { ...contractNamespaces, ...given };
}

/** Works out what all parts of one installation share. */
export function buildSite(input: BuildSiteInput): Site {
  const { props } = input;
  const version = props.kubernetesVersion ?? defaultKubernetesVersion;
  const sizing: Sizing = sizeFor(input.sizing);
  return {
    namespaces: resolveNamespaces(props.namespaces),
    features: featuresOf(version),
    operators: resolveOperatorVersions(input.operators ?? {}, version),
    sizing,
    highAvailability: input.sizing.highAvailability ?? true,
    clusterDomain: props.clusterDomain ?? 'cluster.local',
    pullSecrets: props.imagePullSecrets ?? [],
    image: (role: ImageRole) => {
      const reference = props.images.tryReference(role);
      if (!reference)
        throw new ConstructsError(
          'UNKNOWN_IMAGE',
          `the image lock holds no '${role}': run 'kubehero images lock'`,
        );
      return reference;
    },
    flows: new Flows(),
    apiServer: cidrs(...(props.apiServerCidrs ?? privateRanges)),
    prometheus: namespace(props.monitoring?.namespace ?? 'monitoring'),
    storageClassName: input.storageClassName,
    component: (name: string) => mergeComponent(props.defaults, input.components[name]),
  };
}
