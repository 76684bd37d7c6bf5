export { ports } from './ports.js';
export { annotationKeys } from './annotations.js';
