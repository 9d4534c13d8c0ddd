export * from './generated/authority/identity/v1/flow_service.ts';
export * from './generated/authority/identity/v1/identity_service.ts';
