export { type SessionConfig, sessionConfig, type SessionProcessConfig, sessionProcessSettings } from './config.ts';
export { sessionMigrations } from './postgres/migrations.ts';
export { migrateSession, type Running, startSession } from './session.ts';
export { sessionSettings } from './settings.ts';
