import type { RegisterCommand } from './command.js';
import { registerLookup } from './pricing/lookup.js';
import { registerRefresh } from './pricing/refresh.js';
import { registerReprice } from './pricing/reprice.js';
import { registerServe } from './pricing/serve.js';
import { registerExport, registerImport } from './pricing/snapshot.js';

/** `kubehero pricing`: what everything costs, and why. */
export const registerPricing: RegisterCommand = (program, run) => {
  const pricing = program
    .command('pricing')
    .description('price catalogues: refresh them, ask them, correct the past by them');
  for (const register of [
    registerRefresh,
    registerLookup,
    registerReprice,
    registerExport,
    registerImport,
    registerServe,
  ])
    register(pricing, run);
};
