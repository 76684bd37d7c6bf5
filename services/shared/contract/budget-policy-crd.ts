const text = { type: 'string' } as const;
const time = { type: 'string', format: 'date-time' } as const;
const map = { type: 'object', additionalProperties: text } as const;

const labelSelector = {
  type: 'object',
  description: 'Selects by labels; an empty selector selects everything of its kind.',
  properties: {
    matchLabels: { ...map, maxProperties: 32, description: 'Labels that must all be there.' },
    matchExpressions: {
      type: 'array',
      maxItems: 32,
      description: 'Requirements that must all hold.',
      items: {
        type: 'object',
        required: ['key', 'operator'],
        properties: {
          key: { ...text, maxLength: 317, description: 'Label key.' },
          operator: {
            ...text,
            enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'],
            description: 'How the key is compared with the values.',
          },
          values: { type: 'array', maxItems: 64, items: text, description: 'Values for In and NotIn.' },
        },
        'x-kubernetes-validations': [
          {
            rule: "self.operator in ['In', 'NotIn'] ? has(self.values) && size(self.values) > 0 : !has(self.values) || size(self.values) == 0",
            message: 'In and NotIn need values, Exists and DoesNotExist take none',
          },
        ],
      },
    },
  },
} as const;

const spec = {
  type: 'object',
  required: ['scope', 'ceiling'],
  properties: {
    scope: {
      type: 'object',
      description: 'What the budget covers; every given selector must match.',
      properties: {
        clusterSelector: {
          ...labelSelector,
          description: 'Clusters by the labels of their registration; absent: every cluster.',
        },
        namespaceSelector: { ...labelSelector, description: 'Namespaces by their labels.' },
        namespaces: {
          type: 'array',
          maxItems: 256,
          'x-kubernetes-list-type': 'set',
          description: 'Namespaces by name.',
          items: { ...text, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' },
        },
        workloadSelector: { ...labelSelector, description: 'Workloads by the labels of their pods.' },
      },
      'x-kubernetes-validations': [
        {
          rule: 'has(self.clusterSelector) || has(self.namespaceSelector) || (has(self.namespaces) && size(self.namespaces) > 0) || has(self.workloadSelector)',
          message:
            'an empty scope covers nothing: give clusterSelector, namespaceSelector, namespaces or workloadSelector',
        },
      ],
    },
    ceiling: {
      ...text,
      maxLength: 32,
      description: 'Most that may be spent in one period, such as "$500000/mo"; periods are h, d, w and mo.',
      pattern: '^(\\$|[A-Z]{3} ?)[0-9]{1,12}(\\.[0-9]{1,6})?/(h|d|w|mo)$',
      'x-kubernetes-validations': [
        {
          rule: "self.matches('[1-9]')",
          message: 'a ceiling of zero would stop everything at once: give an amount above zero',
        },
      ],
    },
    ceilingPer: {
      ...text,
      enum: ['All', 'Cluster'],
      default: 'All',
      description: 'Whether the ceiling is for all matched clusters together or for each of them.',
    },
    timeZone: {
      ...text,
      default: 'UTC',
      maxLength: 64,
      pattern: '^[A-Za-z][A-Za-z0-9_+/-]*$',
      description: 'IANA time zone in which calendar periods begin.',
    },
    armed: {
      type: 'boolean',
      default: false,
      description:
        'Whether the policy acts. Needs the verb "arm"; leave it out of Git and arm with the command or the dashboard.',
    },
    hardStop: {
      type: 'boolean',
      default: false,
      description: 'Denies new pods and scales existing ones to zero above the ceiling.',
    },
    dryRun: {
      type: 'boolean',
      default: false,
      description: 'Reports what would be stopped and changes nothing.',
    },
    includeIdle: { type: 'boolean', default: false, description: "Adds the pods' share of idle cost." },
    thresholds: {
      type: 'array',
      maxItems: 8,
      description: 'Warnings before the ceiling.',
      items: {
        type: 'object',
        required: ['percent'],
        properties: {
          percent: { type: 'integer', minimum: 1, maximum: 100, description: 'Share of the ceiling.' },
          basis: {
            ...text,
            enum: ['Spend', 'Forecast'],
            default: 'Spend',
            description: 'What is compared with the share.',
          },
        },
      },
    },
    enforcement: {
      type: 'object',
      description: 'What happens above the ceiling; hardStop alone means both actions.',
      properties: {
        actions: {
          type: 'array',
          maxItems: 2,
          'x-kubernetes-list-type': 'set',
          items: { ...text, enum: ['Deny', 'ScaleToZero'] },
          description: 'Deny refuses new pods; ScaleToZero stops existing ones and implies Deny.',
        },
        gracePeriodSeconds: {
          type: 'integer',
          minimum: 0,
          maximum: 86400,
          description: 'Time between crossing and acting.',
        },
        exclude: { ...labelSelector, description: 'Workloads that are never stopped.' },
      },
    },
  },
} as const;

const digits = { ...text, pattern: '^[0-9]{1,39}$' } as const;

/** What an operator that restarts while the hub is away goes on with. */
const verdict = {
  type: 'object',
  description: "The hub's last verdict; an operator that restarts while the hub is away goes on with it.",
  properties: {
    epoch: { ...digits, description: "The hub's term; verdicts order by epoch, then version." },
    version: { ...digits, description: 'Its number in the term.' },
    generation: {
      type: 'integer',
      format: 'int64',
      description: 'Generation that was judged, where it was written.',
    },
    originClusterId: { ...text, maxLength: 128, description: 'Cluster in which the policy is written.' },
    question: {
      ...text,
      maxLength: 64,
      description: 'Hash of what was asked: scope, period, currency, idle.',
    },
    ceiling: { ...digits, description: 'Ceiling in picounits.' },
    spend: { ...digits, description: 'Spend in picounits.' },
    spentThrough: { ...time, description: 'Instant up to which spend is counted.' },
    exceeded: { type: 'boolean', description: 'Whether spend passed the ceiling in this period.' },
    exceededAt: { ...time, description: 'When it did.' },
    crossed: {
      type: 'array',
      maxItems: 8,
      description: 'Thresholds that were passed.',
      items: {
        type: 'object',
        properties: {
          percent: { type: 'integer', description: 'Share of the ceiling.' },
          on: { ...text, description: 'Spend or Forecast.' },
        },
      },
    },
  },
} as const;

const status = {
  type: 'object',
  properties: {
    observedGeneration: {
      type: 'integer',
      format: 'int64',
      description: 'Generation that this status speaks of.',
    },
    phase: {
      ...text,
      enum: ['Tracking', 'Warning', 'Exceeded', 'Enforced', 'Released', 'Stale'],
      description: 'Where the policy stands.',
    },
    period: {
      type: 'object',
      description: 'The current period, half open.',
      properties: {
        startsAt: { ...time, description: 'First instant.' },
        endsAt: { ...time, description: 'First instant after it.' },
      },
    },
    spend: { ...text, maxLength: 40, description: 'Spent in the period so far, plain decimal.' },
    forecast: { ...text, maxLength: 40, description: 'Expected at the end of the period, plain decimal.' },
    remaining: { ...text, maxLength: 40, description: 'Ceiling less spend, plain decimal.' },
    burnRatePerHour: { ...text, maxLength: 40, description: 'Spend of the last hour, plain decimal.' },
    currency: { ...text, maxLength: 3, description: 'ISO 4217 code of the amounts.' },
    stillPaidPerHour: {
      ...text,
      maxLength: 40,
      description: 'What still running nodes cost for the stopped pods an hour, plain decimal.',
    },
    verdict,
    release: {
      type: 'object',
      description: 'The last time that something was released.',
      properties: {
        at: { ...time, description: 'When.' },
        reason: { ...text, maxLength: 64, description: 'Why, as one word.' },
        periodStartsAt: { ...time, description: 'Start of the period whose stop was released.' },
      },
    },
    armedBy: { ...text, maxLength: 256, description: 'Who armed the policy.' },
    stoppedCount: { type: 'integer', minimum: 0, description: 'Objects that the policy holds stopped.' },
    stopped: {
      type: 'array',
      maxItems: 100,
      description: 'The first hundred of them.',
      items: {
        type: 'object',
        properties: {
          cluster: { ...text, description: 'Cluster by name.' },
          kind: { ...text, description: 'Kind of the object.' },
          namespace: { ...text, description: 'Its namespace.' },
          name: { ...text, description: 'Its name.' },
        },
      },
    },
    conditions: {
      type: 'array',
      maxItems: 16,
      description: 'What holds of the policy, and why.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: {
        type: 'object',
        required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
        properties: {
          type: { ...text, maxLength: 316, description: 'What the condition is about.' },
          status: { ...text, enum: ['True', 'False', 'Unknown'], description: 'Whether it holds.' },
          observedGeneration: {
            type: 'integer',
            format: 'int64',
            minimum: 0,
            description: 'Generation that it speaks of.',
          },
          lastTransitionTime: { ...time, description: 'When the status last changed.' },
          reason: {
            ...text,
            minLength: 1,
            maxLength: 1024,
            pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
            description: 'Why, as one word.',
          },
          message: { ...text, maxLength: 32768, description: 'Why, as a sentence with its remedy.' },
        },
      },
    },
  },
} as const;

/** API group, version and names of `BudgetPolicy`. */
export const budgetPolicyNames = {
  group: 'kubehero.kubehero.io',
  version: 'v1',
  kind: 'BudgetPolicy',
  plural: 'budgetpolicies',
  singular: 'budgetpolicy',
} as const;

/** The CustomResourceDefinition of `BudgetPolicy` as JSON; cluster-scoped, structural, with its rules in CEL. */
export const budgetPolicyCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${budgetPolicyNames.plural}.${budgetPolicyNames.group}` },
  spec: {
    group: budgetPolicyNames.group,
    scope: 'Cluster',
    names: {
      kind: budgetPolicyNames.kind,
      listKind: 'BudgetPolicyList',
      plural: budgetPolicyNames.plural,
      singular: budgetPolicyNames.singular,
      shortNames: ['bp'],
      categories: ['kubehero'],
    },
    versions: [
      {
        name: budgetPolicyNames.version,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'Ceiling', type: 'string', jsonPath: '.spec.ceiling' },
          { name: 'Spend', type: 'string', jsonPath: '.status.spend' },
          { name: 'Forecast', type: 'string', jsonPath: '.status.forecast' },
          { name: 'Armed', type: 'boolean', jsonPath: '.spec.armed' },
          { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
          { name: 'Stopped', type: 'integer', jsonPath: '.status.stoppedCount', priority: 1 },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description:
              'A ceiling on what a scope of workloads may cost in a period, and what happens above it.',
            required: ['spec'],
            properties: {
              apiVersion: { ...text, description: 'Version of the schema.' },
              kind: { ...text, description: 'BudgetPolicy.' },
              metadata: { type: 'object' },
              spec: { ...spec, description: 'What is wanted.' },
              status: { ...status, description: 'What is so; written by the operator.' },
            },
          },
        },
      },
    ],
  },
} as const;
