import type { Faults } from '../core/faults.js';
import { checkConnectorSecrets } from '../core/secret-material.js';
import type { DeployedDexProps, DexConnector, DexProps } from '../stores/dex.js';

/** Variables that the construct sets itself. */
const ownVariables = ['DEX_POSTGRES_PASSWORD', 'KUBEHERO_CLIENT_SECRET'];

/** Every fault of the props of the sign-in. */
export function checkDex(faults: Faults, dex: DexProps | undefined): void {
  const given = dex !== undefined;
  if (!faults.check(given, 'dex', "must be given: { connectors: […] }, or { mode: 'external', issuer }"))
    return;
  faults.cidrs('dex.cidrs', dex?.cidrs);
  if (dex?.mode === 'external') {
    faults.check(
      /^https:\/\/[^\s/]+(\/\S*)?$/.test(dex.issuer) && URL.canParse(dex.issuer),
      'dex.issuer',
      `'${dex.issuer}' is no issuer: it must begin with https://`,
    );
  } else if (dex) checkDeployedDex(faults, dex);
}

function checkDeployedDex(faults: Faults, dex: DeployedDexProps): void {
  const connectors: readonly DexConnector[] = Array.isArray(dex.connectors) ? dex.connectors : [];
  faults.check(connectors.length > 0, 'dex.connectors', 'nobody could sign in: give at least one connector');
  const ids = connectors.map((connector) => connector.id);
  for (const [i, connector] of connectors.entries()) {
    const prop = `dex.connectors[${i}]`;
    for (const key of ['type', 'id', 'name'] as const)
      faults.check(
        typeof connector[key] === 'string' && connector[key] !== '',
        `${prop}.${key}`,
        'must be given',
      );
    faults.check(
      ids.indexOf(connector.id) === i,
      `${prop}.id`,
      `'${connector.id}' is another connector's: people could not be told apart`,
    );
    checkConnectorSecrets(faults, `${prop}.config`, connector.config, (name) => {
      faults.check(
        dex.secretEnv?.[name] !== undefined,
        `dex.secretEnv.${name}`,
        `connector '${connector.id}' names it: give the Secret and key that it comes from`,
      );
    });
  }
  for (const [name, source] of Object.entries(dex.secretEnv ?? {})) {
    const prop = `dex.secretEnv.${name}`;
    faults.check(/^[A-Z_][A-Z0-9_]*$/.test(name), prop, 'is no name of a variable: use A-Z, 0-9 and _');
    faults.check(!ownVariables.includes(name), prop, 'is set by the construct: choose another name');
    faults.requiredName(`${prop}.name`, source.name);
    faults.check(
      /^[-._a-zA-Z0-9]{1,253}$/.test(source.key),
      `${prop}.key`,
      `'${source.key}' is no key of a Secret`,
    );
  }
}
