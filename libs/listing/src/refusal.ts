import { type FieldViolation, type Reason, StatusError } from '@authority/errors';

/** INVALID_ARGUMENT that names the field, what is wrong and what would be right. */
export function refusal(reason: Reason, violations: readonly FieldViolation[]): StatusError {
  const message = violations.map(({ field, description }) => `${field}: ${description}`).join('; ');
  return new StatusError('INVALID_ARGUMENT', reason, { message, violations });
}

/** One field of a request that is wrong in a way that only its owner can judge. */
export function fieldInvalid(field: string, description: string): StatusError {
  return refusal('field_invalid', [{ field, description }]);
}
