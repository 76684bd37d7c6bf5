export { simulateSettings, type SimulateSettings } from './simulate/options.js';
export { simulate, type Simulation, type SimulationResult } from './simulate/simulate.js';
export { TelemetryGenerator, encodeReport, toHello, toNodeBatch } from './simulate/generator.js';
export { Fleet } from './simulate/fleet.js';
export { backupSettings } from './backup/config.js';
export { DataFolder } from './up/data-folder.js';
export { upSettings } from './up/settings.js';
export { installDefinition, type DefinitionOutcome } from './up/cluster-definition.js';
export { commandTable, type CommandEntry } from './commands/command-table.js';
