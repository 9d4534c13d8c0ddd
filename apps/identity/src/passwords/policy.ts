import type { Passwords } from './passwords.ts';

export interface PasswordRules {
  /** Characters. */
  readonly minLength: number;
  /** Least score of the estimate, 0 to 4. */
  readonly minStrength: number;
}

/** Longer ones only cost: the hash takes any length, and nobody types them. */
export const mostPasswordBytes = 1024;

export type PasswordFault = 'password_too_short' | 'password_too_long' | 'password_breached' | 'password_too_weak';

/** Why a new password is refused (NIST SP 800-63B §3.1.1.2: length and known-bad lists, no rules of composition). */
export async function findPasswordFault(
  password: string,
  inputs: readonly string[],
  rules: PasswordRules,
  passwords: Pick<Passwords, 'assess'>,
): Promise<PasswordFault | undefined> {
  if (Buffer.byteLength(password) > mostPasswordBytes) return 'password_too_long';
  if ([...password].length < rules.minLength) return 'password_too_short';
  const { breached, score } = await passwords.assess(password, inputs);
  if (breached) return 'password_breached';
  return score < rules.minStrength ? 'password_too_weak' : undefined;
}
