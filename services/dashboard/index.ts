export * from './features/money/model/money-format.js';
