import { join } from 'node:path';
import { namespaces, secretCatalogue } from '@kubehero/contract';
import { certificateFiles } from './certificate-folder.js';

/** What a person does with a certificate that was just written. */
export function nextSteps(folder: string, kind: 'added' | 'rotated'): string {
  const { name, namespaces: roles } = secretCatalogue.clusterCertificate;
  const certificate = join(folder, certificateFiles.certificate);
  const key = join(folder, certificateFiles.key);
  const commands = roles.map(
    (role) =>
      `  kubectl -n ${namespaces[role]} create secret tls ${name} --cert ${certificate} --key ${key}` +
      ' --dry-run=client -o yaml | kubectl apply -f -',
  );
  const trust =
    kind === 'added'
      ? [
          '',
          `The cluster's manifests trust the hub by ${join(folder, certificateFiles.ca)}: give it to KubeHeroEdge.`,
        ]
      : [];
  return [
    'Put the certificate into the cluster, with kubectl pointing at it:',
    '',
    ...commands,
    ...trust,
    '',
    'The hub keeps no copy of the key; delete the folder when the Secrets are there.',
  ].join('\n');
}
