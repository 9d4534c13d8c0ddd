export * from './generated/authority/token/v1/application_service.ts';
export * from './generated/authority/token/v1/authorization_service.ts';
export * from './generated/authority/token/v1/registration_service.ts';
export * from './generated/authority/token/v1/token_service.ts';
