export { deadLetterHandlers } from './handlers.ts';
export {
  type AppendOptions,
  type Backoff,
  type Delivery,
  type Handler,
  type Outbox,
  type Queue,
  Undeliverable,
} from './outbox.ts';
export { type OpenOutboxOptions, openOutbox } from './postgres/open.ts';
export { outboxMigration } from './postgres/tables.ts';
