export { ports } from './ports.js';
export { annotationKeys } from './annotations.js';
export { environmentNames, type EnvironmentName } from './environment.js';
export {
  httpPaths,
  labelKeys,
  mountPaths,
  namespaces,
  objectNames,
  programs,
  publicApiPaths,
  runAsUser,
} from './programs.js';
export { secretCatalogue, type SecretSpec, type SecretValue } from './secrets.js';
export { metricNames } from './metrics.js';
export { dashboardEnvironment } from './dashboard.js';
export { budgetPolicyCrd, budgetPolicyNames } from './budget-policy-crd.js';
export { type ImageLockDocument, type ImageRole, imageRoles, type LockedImage } from './images.js';
export { isNeverTouched, neverTouchedNamespaces, ownNamespacePrefix } from './never-touched.js';
