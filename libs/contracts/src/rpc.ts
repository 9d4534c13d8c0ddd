export * from './generated/authority/rpc/v1/batch.ts';
