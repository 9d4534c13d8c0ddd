import { outboxMigration } from '@authority/outbox';

/** The tables of the outbox (libs/outbox). */
export const outboxTables = outboxMigration('Outbox1764000200000', 'identity');
