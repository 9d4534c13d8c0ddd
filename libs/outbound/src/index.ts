export { isPublicAddress } from './address-rules.ts';
export { parseAllowList } from './allow-list.ts';
export type { Answer } from './exchange.ts';
export { freshFor } from './freshness.ts';
export { type JwksCache, jwksCache, type JwksCacheOptions } from './jwks-cache.ts';
export { createOutbound, type Outbound, type OutboundOptions, type OutboundRequest } from './outbound.ts';
export { OutboundError, type OutboundReason } from './outbound-error.ts';
export type { Address, Resolver } from './resolve.ts';
