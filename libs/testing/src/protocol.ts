export { DpopKey, hash, type ProofChanges } from './dpop.ts';
export * from './protocol-fakes.ts';
export { FakeGrants } from './protocol-grants.ts';
export { testKeys } from './protocol-keys.ts';
export { FakeClientStore, FakeRegistrationTokens, FakeSectorIdentifiers } from './protocol-registration-fakes.ts';
export * from './protocol-request-fakes.ts';
export { FakeSigningKeys } from './protocol-signing-fakes.ts';
export * from './protocol-walks.ts';
export { FakeResources, FakeSealingKeys } from './protocol-resource-fakes.ts';
