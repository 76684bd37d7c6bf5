import { describe, expect, it } from '@jest/globals';
import { Ajv, type ValidateFunction } from 'ajv';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ManifestObject } from '../support/cluster/apply.js';
import { operatorDefinitions } from '../support/cluster/installation.js';
import { exampleNames, objectsOf, repository, synthesize } from '../support/manifests/examples.js';

interface StrictSchema {
  readonly 'x-gvk': Readonly<Record<string, string>>;
}

function kubernetesValidator(
  version: string,
): (apiVersion: string, kind: string) => ValidateFunction | undefined {
  const file = join(repository, 'test/support/k8s-openapi', `v${version}.strict-jsonschema.json.gz`);
  const schema = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as StrictSchema;
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(schema, 'k8s');
  return (apiVersion, kind) => {
    const name = schema['x-gvk'][`${apiVersion}/${kind}`];
    return name === undefined ? undefined : ajv.getSchema(`k8s#/definitions/${name}`);
  };
}

type CustomSchema = {
  properties?: Record<string, CustomSchema>;
  items?: CustomSchema;
  additionalProperties?: CustomSchema | boolean;
} & Record<string, unknown>;

/** A custom resource's schema, closed: an API server prunes unknown fields, a typo must show here. */
function closed(schema: CustomSchema, top = true): CustomSchema {
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const intOrString = schema['x-kubernetes-int-or-string'] === true;
  const { type, properties, items, additionalProperties, ...rest } = schema;
  return {
    ...rest,
    ...(type !== undefined && !intOrString
      ? { type: schema['nullable'] === true ? [type, 'null'] : type }
      : {}),
    ...(properties
      ? {
          properties: {
            ...Object.fromEntries(
              Object.entries(properties).map(([key, value]) => [key, closed(value, false)]),
            ),
            ...(top ? { apiVersion: {}, kind: {}, metadata: {} } : {}),
          },
          ...(open ? {} : { additionalProperties: false }),
        }
      : {}),
    ...(items ? { items: closed(items, false) } : {}),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: closed(additionalProperties, false) }
      : {}),
  };
}

function customValidators(): Map<string, ValidateFunction> {
  const ajv = new Ajv({
    strict: false,
    validateFormats: false,
    allErrors: true,
    // A schema of prometheus-operator has a pattern with Go's inline flag.
    code: {
      regExp: Object.assign(
        (pattern: string, flags: string) =>
          new RegExp(pattern.replace(/^\^?\(\?i\)/, '^'), pattern.includes('(?i)') ? `${flags}i` : flags),
        { code: 'new RegExp' },
      ),
    },
  });
  const validators = new Map<string, ValidateFunction>();
  for (const definition of operatorDefinitions()) {
    const spec = definition['spec'] as {
      group: string;
      names: { kind: string };
      versions: { name: string; schema: { openAPIV3Schema: CustomSchema } }[];
    };
    for (const version of spec.versions) {
      validators.set(
        `${spec.group}/${version.name}/${spec.names.kind}`,
        ajv.compile(closed(version.schema.openAPIV3Schema)),
      );
    }
  }
  return validators;
}

function faultsOf(validate: ValidateFunction, object: ManifestObject): string[] {
  const valid: boolean = validate(object);
  if (valid) return [];
  return (validate.errors ?? []).map(
    (error) =>
      `${object.kind}/${object.metadata.name} ${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
  );
}

const custom = customValidators();
const outputs = new Map(exampleNames.map((name) => [name, objectsOf(synthesize(name))]));

/** Objects that an older version of Kubernetes is not asked to take: its examples are for newer ones. */
const newerThan128 = new Set(['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']);

describe.each(['1.28', '1.36'])('against the strict schema of Kubernetes %s', (version) => {
  const find = kubernetesValidator(version);

  it.each(exampleNames)('every object of the example %s is valid, no field unknown', (name) => {
    const faults: string[] = [];
    for (const object of outputs.get(name) ?? []) {
      const validate =
        find(object.apiVersion, object.kind) ?? custom.get(`${object.apiVersion}/${object.kind}`);
      if (validate)
        faults.push(
          ...faultsOf(validate, object).filter((fault) => version !== '1.28' || !fault.includes('"sleep"')),
        );
      else if (!(version === '1.28' && newerThan128.has(object.kind)) && object.kind !== 'BudgetPolicy')
        faults.push(`no schema for ${object.kind}`);
    }
    expect(faults).toEqual([]);
  });

  it('finds a field that does not exist', () => {
    const validate = find('apps/v1', 'Deployment');
    const deployment = outputs.get('reference')?.find((object) => object.kind === 'Deployment');
    expect(validate?.({ ...deployment, spec: { ...(deployment?.['spec'] as object), replica: 2 } })).toBe(
      false,
    );
  });
});

it('an installation for Kubernetes 1.28 uses nothing that 1.28 lacks', () => {
  const find = kubernetesValidator('1.28');
  const output = synthesize('edges');
  const old = objectsOf(new Map([...output].filter(([file]) => file.startsWith('aks-westeu-prod-01'))));
  expect(old.length).toBeGreaterThan(10);
  const faults = old.flatMap((object) => {
    const validate = find(object.apiVersion, object.kind);
    return validate ? faultsOf(validate, object) : [`no schema for ${object.kind}`];
  });
  expect(faults).toEqual([]);
});
