export { errorDescription, usualDescriptions } from './description.ts';
export { OAuthError, type OAuthErrorCode, type OAuthErrorOptions } from './oauth-error.ts';
export { type Reason, reasons, routine } from './reason.ts';
export { type FieldViolation, StatusError, type StatusCode, type StatusErrorOptions } from './status-error.ts';
