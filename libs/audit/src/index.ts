export { type Act, appendAudit } from './append.ts';
export { auditJob, verifyAuditChain } from './chain.ts';
export { listAudit } from './list.ts';
export { auditTables } from './tables.ts';
