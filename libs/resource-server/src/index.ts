export type { AccessToken } from './access-token.ts';
export { createGuard, type Guard } from './guard.ts';
export type { DpopOptions, GuardOptions, Needs, ReplayMemory, RevocationOptions } from './options.ts';
export { Refusal } from './refusal.ts';
export type { GuardRequest, GuardResponse } from './request.ts';
