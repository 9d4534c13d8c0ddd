import { type Migration, migration } from '@authority/postgres';
import { transactionText } from './sql.ts';

/**
 * The tables of the outbox in the owner's schema, as the pinned release of pg-boss makes them. A release with another
 * schema (a test tells) needs a migration of its own beside this one, and one that the release before can run on.
 */
export function outboxMigration(name: string, schema: string): Migration {
  return migration(name, async () => {
    const { getConstructionPlans } = await import('pg-boss');
    const text = transactionText(getConstructionPlans(schema, { createSchema: false }));
    if (text === undefined) throw new Error('The plan of pg-boss is not one transaction.');
    // Its lock_timeout ends with this migration's transaction; the texts after it are of later ones.
    return [text];
  });
}
