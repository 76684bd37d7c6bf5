import { App } from 'cdk8s';
import { ImageLock, imageRoles, KubeHeroHub, type KubeHeroHubProps } from '@kubehero/constructs';

/** A lock with a digest for every role. */
export function fullLock(): ImageLock {
  const images = Object.fromEntries(
    Object.entries(imageRoles).map(([role, reference], i) => {
      const colon = reference.lastIndexOf(':');
      return [
        role,
        {
          repository: reference.slice(0, colon),
          tag: reference.slice(colon + 1),
          digest: `sha256:${String(i).padStart(64, 'a')}`,
        },
      ];
    }),
  );
  return ImageLock.fromJson(JSON.stringify({ version: 1, images }));
}

/** Props of a hub that can be synthesized, with overrides. */
export function hubProps(overrides: Partial<KubeHeroHubProps> = {}): KubeHeroHubProps {
  return {
    images: fullLock(),
    domain: 'acme.internal',
    exposure: {
      kind: 'ingress',
      className: 'nginx',
      controllerNamespace: 'ingress-nginx',
      tlsSecret: 'kubehero-tls',
    },
    dex: {
      connectors: [
        { type: 'ldap', id: 'ldap', name: 'Directory', config: { host: 'ldap.acme.internal:636' } },
      ],
    },
    ...overrides,
  };
}

/** A hub in an app of its own. */
export function makeHub(overrides: Partial<KubeHeroHubProps> = {}): { app: App; hub: KubeHeroHub } {
  const app = new App();
  return { app, hub: new KubeHeroHub(app, 'kubehero', hubProps(overrides)) };
}
