export * from './generated/authority/session/v1/session_service.ts';
