export * from './generated/authority/admin/v1/audit_service.ts';
export * from './generated/authority/admin/v1/client_service.ts';
export * from './generated/authority/admin/v1/grant_service.ts';
export * from './generated/authority/admin/v1/identity_service.ts';
export * from './generated/authority/admin/v1/key_service.ts';
export * from './generated/authority/admin/v1/registration_token_service.ts';
export * from './generated/authority/admin/v1/session_service.ts';
export * from './generated/authority/admin/v1/settings_service.ts';
