export { migrateAdmin, type Running, startAdmin } from './admin.ts';
export { type AdminConfig, adminConfig, adminConfigOf, adminFaults, type AdminProcessConfig, adminSettings } from './config.ts';
export { migrations } from './postgres/migrations.ts';
