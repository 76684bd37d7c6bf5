export { fencedServer, LeaseElector, type LeaseElectorOptions } from './lease/lease-elector.js';
