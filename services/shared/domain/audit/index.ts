export {
  actionKeyId,
  firstPreviousHash,
  hashOfAction,
  tryFindActionFault,
  type ActionFault,
  type ActionObject,
  type ChainedAction,
  type SignedAction,
} from './action-chain.js';
export { canonicalJson, type JsonValue } from './canonical-json.js';
