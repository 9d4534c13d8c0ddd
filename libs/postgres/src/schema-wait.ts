import type { Database } from './database.ts';

const askEveryMs = 100;

/** A service is not ready before its schema has at least its migrations; a later release's schema will do. */
export function waitForSchema(database: Pick<Database, 'schemaVersion'>, least: number): { reached(): boolean; stop(): void } {
  let isReached = false;
  const look = async (): Promise<void> => {
    const version = await database.schemaVersion().catch(() => 0);
    isReached ||= version >= least;
    if (isReached) clearInterval(timer);
  };
  const timer = setInterval(() => void look(), askEveryMs);
  void look();
  return { reached: () => isReached, stop: () => clearInterval(timer) };
}
