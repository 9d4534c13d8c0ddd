/** What the refresh tokens of a grant are bound to (RFC 9449 §5, RFC 8705 §4). */
export const senderConstraint: readonly string[] = ['ALTER TABLE grants ADD COLUMN confirmation jsonb'];
