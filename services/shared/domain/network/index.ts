export { PrefixTable, tryParseAddressPrefix, type AddressPrefix } from './address-prefix.js';
export { networkClasses, type NetworkClassValue } from './network-class.js';
