export { throttledAddress } from './address.ts';
export { type Ephemeral, longestTtlMs } from './ephemeral.ts';
export { type Handle, isSameDigest, newHandle, readHandle } from './handle.ts';
export { type EphemeralEvent, type EphemeralOptions, openEphemeral } from './open.ts';
export { ephemeralTables } from './postgres/tables.ts';
export { RedisRefused } from './redis/connection.ts';
