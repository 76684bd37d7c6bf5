import {
  phases,
  type ActionMessage,
  type AffectedObjectMessage,
  type ClusterMessage,
  type ConditionMessage,
  type ForecastMessage,
  type Phase,
  type PolicyMessage,
} from '../../features/budgets/model/budget-messages.js';
import { readInstant, readList, readMessage, readNumber, readPico, readString } from './connect-json.js';

/** A PolicyStatus of the control plane. @throws ControlPlaneError MALFORMED */
export function toPolicy(value: unknown): PolicyMessage {
  const raw = readMessage(value, 'policy');
  const verdict = readMessage(raw['verdict'], 'verdict');
  return {
    uid: readString(verdict['policyUid'], 'policyUid'),
    name: readString(verdict['policyName'], 'policyName'),
    cluster: readString(raw['originCluster'], 'originCluster'),
    phase: toPhase(readString(raw['phase'], 'phase')),
    armed: raw['armed'] === true,
    armedBy: readString(verdict['armedBy'], 'armedBy'),
    hardStop: raw['hardStop'] === true,
    dryRun: raw['dryRun'] === true,
    ...toSpec(readString(verdict['specJson'], 'specJson')),
    ...toFigures(verdict),
    conditions: toConditions(verdict['conditions']),
    clusters: readList(raw['clusters'], 'clusters').map(toCluster),
  };
}

/** Conditions of a message. @throws ControlPlaneError MALFORMED */
export function toConditions(value: unknown): ConditionMessage[] {
  return readList(value, 'conditions').map((one) => {
    const raw = readMessage(one, 'condition');
    return {
      type: readString(raw['type'], 'type'),
      status: readString(raw['status'], 'status'),
      reason: readString(raw['reason'], 'reason'),
      message: readString(raw['message'], 'message'),
    };
  });
}

/** Objects of a message. @throws ControlPlaneError MALFORMED */
export function toObjects(value: unknown): AffectedObjectMessage[] {
  return readList(value, 'objects').map(toObject);
}

/** An ActionRecord. @throws ControlPlaneError MALFORMED */
export function toAction(value: unknown): ActionMessage {
  const raw = readMessage(value, 'action');
  return {
    sequence: readNumber(raw['sequence'], 'sequence'),
    atS: readInstant(raw['at'], 'at'),
    action: readString(raw['action'], 'action'),
    object: isAbsent(raw['object']) ? null : toObject(raw['object']),
    reason: readString(raw['reason'], 'reason'),
    before: readString(raw['beforeJson'], 'beforeJson'),
    after: readString(raw['afterJson'], 'afterJson'),
  };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

type Figures = Pick<
  PolicyMessage,
  | 'crossed'
  | 'currency'
  | 'ceilingPico'
  | 'spendPico'
  | 'burnPerHourPico'
  | 'forecast'
  | 'stillPaidPerHourPico'
  | 'periodStartsAtS'
  | 'periodEndsAtS'
  | 'spentThroughS'
  | 'exceeded'
  | 'exceededAtS'
>;

function toFigures(verdict: Readonly<Record<string, unknown>>): Figures {
  const stillPaid = readString(verdict['stillPaidPerHourPicounits'], 'stillPaidPerHourPicounits');
  return {
    crossed: readList(verdict['crossed'], 'crossed').map(toThreshold),
    currency: readString(verdict['currency'], 'currency'),
    ceilingPico: readPico(verdict['ceilingPicounits'], 'ceilingPicounits'),
    spendPico: readPico(verdict['spendPicounits'], 'spendPicounits'),
    burnPerHourPico: readPico(verdict['burnPerHourPicounits'], 'burnPerHourPicounits'),
    forecast: isAbsent(verdict['forecast']) ? null : toForecast(verdict['forecast']),
    stillPaidPerHourPico: stillPaid === '' ? null : readPico(stillPaid, 'stillPaidPerHourPicounits'),
    periodStartsAtS: readNumber(verdict['periodStartsAtS'], 'periodStartsAtS'),
    periodEndsAtS: readNumber(verdict['periodEndsAtS'], 'periodEndsAtS'),
    spentThroughS: readNumber(verdict['spentThroughS'], 'spentThroughS'),
    exceeded: verdict['exceeded'] === true,
    exceededAtS: readNumber(verdict['exceededAtS'], 'exceededAtS'),
  };
}

type Spec = Pick<PolicyMessage, 'ceiling' | 'perCluster' | 'timeZone' | 'thresholds'>;

/** What a person wrote may be anything; where it cannot be read, a condition of the verdict says why. */
function toSpec(json: string): Spec {
  const spec = parseObject(json);
  const text = (name: string): string => (typeof spec[name] === 'string' ? spec[name] : '');
  const thresholds = Array.isArray(spec['thresholds']) ? (spec['thresholds'] as unknown[]) : [];
  return {
    ceiling: text('ceiling'),
    perCluster: spec['ceilingPer'] === 'Cluster',
    timeZone: text('timeZone') || 'UTC',
    thresholds: thresholds
      .filter(isThreshold)
      .map(({ percent, basis = 'Spend' }) => ({ percent, on: basis })),
  };
}

function parseObject(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function isThreshold(value: unknown): value is { readonly percent: number; readonly basis?: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { percent?: unknown }).percent === 'number'
  );
}

function toThreshold(value: unknown): { readonly percent: number; readonly on: string } {
  const raw = readMessage(value, 'threshold');
  return { percent: readNumber(raw['percent'], 'percent'), on: readString(raw['on'], 'on') };
}

function toForecast(value: unknown): ForecastMessage {
  const raw = readMessage(value, 'forecast');
  return {
    expectedPico: readPico(raw['expectedPicounits'], 'expectedPicounits'),
    lowPico: readPico(raw['lowPicounits'], 'lowPicounits'),
    highPico: readPico(raw['highPicounits'], 'highPicounits'),
    method: readString(raw['method'], 'method'),
  };
}

function toCluster(value: unknown): ClusterMessage {
  const raw = readMessage(value, 'cluster');
  const enforcement = readMessage(raw['enforcement'], 'enforcement');
  return {
    cluster: readString(raw['cluster'], 'cluster'),
    connected: raw['connected'] === true,
    state: toState(readString(enforcement['state'], 'state')),
    objects: toObjects(enforcement['objects']),
    objectCount: readNumber(enforcement['objectCount'], 'objectCount'),
    message: readString(enforcement['message'], 'message'),
  };
}

/** `ENFORCEMENT_STATE_DRY_RUN` as `DryRun`. */
function toState(name: string): string {
  const words = name.replace(/^ENFORCEMENT_STATE_/, '').toLowerCase();
  if (words === 'unspecified') return '';
  return words.replace(/(^|_)([a-z])/g, (_all, _gap, letter: string) => letter.toUpperCase());
}

function toObject(value: unknown): AffectedObjectMessage {
  const raw = readMessage(value, 'object');
  return {
    kind: readString(raw['kind'], 'kind'),
    namespace: readString(raw['namespace'], 'namespace'),
    name: readString(raw['name'], 'name'),
    action: readString(raw['action'], 'action'),
  };
}

function toPhase(text: string): Phase {
  return phases.find((phase) => phase === text) ?? 'Unknown';
}
