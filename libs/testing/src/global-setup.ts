import { sharedPostgresVariable, startTestPostgres } from './postgres.ts';

/** Vitest's globalSetup of the tiers that need a real PostgreSQL: one server for all workers, each test its database. */
export async function setup(): Promise<() => Promise<void>> {
  if (process.env[sharedPostgresVariable]) return () => Promise.resolve();
  const server = await startTestPostgres();
  process.env[sharedPostgresVariable] = server.url;
  return async () => {
    delete process.env[sharedPostgresVariable];
    await server.stop();
  };
}
