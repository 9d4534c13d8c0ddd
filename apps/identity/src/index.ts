export { type IdentityConfig, identityConfig, type IdentityProcessConfig, identityProcessSettings, mailProcessSettings } from './config.ts';
export { migrateIdentity, type Running, startIdentity } from './identity.ts';
export { identityMigrations } from './postgres/migrations.ts';
export { identitySettings } from './settings.ts';
