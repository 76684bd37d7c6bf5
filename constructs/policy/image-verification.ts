import {
  ImageValidatingPolicy,
  ImageValidatingPolicySpecValidationActions as Actions,
} from '../../imports/policies.kyverno.io.js';
import { ClusterImagePolicy } from '../../imports/policy.sigstore.dev.js';
import type { Construct } from 'constructs';
import { Part, waves } from '../core/manifest.js';
import { labelsOf } from '../core/pods.js';

/** Who checks signatures at admission. */
export interface ImageVerificationProps {
  readonly with: 'sigstore' | 'kyverno';
  /** Public key (PEM) that images are signed by; it is no secret. */
  readonly publicKey: string;
  /** Images by pattern. @default - the installation's own repositories */
  readonly images?: readonly string[];
  /** URL of a Rekor instance whose log must hold the signature. @default - the key alone decides */
  readonly transparencyLog?: string;
}

/** One policy that admits only images signed by a key. */
export class ImageVerification extends Part {
  constructor(
    scope: Construct,
    id: string,
    input: {
      readonly props: ImageVerificationProps;
      readonly repositories: readonly string[];
      readonly namespaces: readonly string[];
    },
  ) {
    super(scope, id, { labels: labelsOf('kubehero-images') });
    const { props, namespaces } = input;
    const globs =
      props.images ?? [...new Set(input.repositories)].sort().map((repository) => `${repository}*`);
    if (props.with === 'sigstore') this.#emitSigstore(props, globs);
    else this.#emitKyverno(props, globs, namespaces);
  }

  #emitSigstore(props: ImageVerificationProps, globs: readonly string[]): void {
    const manifest = ClusterImagePolicy.manifest({
      metadata: { name: 'kubehero-images' },
      spec: {
        images: globs.map((glob) => ({ glob: glob.replace(/\*$/, '**') })),
        authorities: [
          {
            name: 'kubehero',
            key: { data: props.publicKey },
            ...(props.transparencyLog ? { ctlog: { url: props.transparencyLog } } : {}),
          },
        ],
      },
    }) as object;
    this.emit('ClusterImagePolicy', manifest, { wave: waves.policies });
  }

  #emitKyverno(props: ImageVerificationProps, globs: readonly string[], namespaces: readonly string[]): void {
    this.emit(
      'ImageValidatingPolicy',
      ImageValidatingPolicy.manifest({
        metadata: { name: 'kubehero-images' },
        spec: {
          validationActions: [Actions.DENY],
          webhookConfiguration: { timeoutSeconds: 20 },
          matchConstraints: {
            namespaceSelector: {
              matchExpressions: [
                { key: 'kubernetes.io/metadata.name', operator: 'In', values: [...namespaces] },
              ],
            },
            resourceRules: [
              { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods'] },
            ],
          },
          matchImageReferences: globs.map((glob) => ({ glob })),
          attestors: [
            {
              name: 'kubehero',
              cosign: {
                key: { data: props.publicKey },
                ctlog: props.transparencyLog
                  ? { url: props.transparencyLog }
                  : { insecureIgnoreTlog: true, insecureIgnoreSct: true },
              },
            },
          ],
          validations: [
            {
              expression:
                'images.containers.map(image, verifyImageSignatures(image, [attestors.kubehero])).all(signatures, signatures > 0)',
              message: "the image is not signed by KubeHero's key",
            },
          ],
        },
      }),
      { wave: waves.policies },
    );
  }
}
