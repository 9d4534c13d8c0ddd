export {
  type TokenConfig,
  tokenConfig,
  tokenConfigOf,
  type TokenMigrateConfig,
  tokenMigrateConfig,
  tokenMigrateSettings,
  type TokenProcessConfig,
  tokenProcessSettings,
  tokenSettings,
} from './config.ts';
export { type MigrateTokenOptions, migrateToken } from './migrate.ts';
export { ensureOperator, type EnsureOperatorOptions, type OperatorCredential } from './operator.ts';
export { tokenMigrations } from './postgres/migrations/index.ts';
export { type Running, startToken, type StartTokenOptions } from './token.ts';
