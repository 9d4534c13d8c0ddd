export { type KeyIdentity, KeyWrapping } from './key-wrapping.ts';
export { ensureKeys, KeyTable, keyTables, type OwnKey } from './key-table.ts';
export { Macs, type MadeMac } from './macs.ts';
export { type Place, SealedValues } from './sealed-values.ts';
