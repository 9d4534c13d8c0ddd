import type { Accounts } from '../../accounts/ports.ts';
import type { DialogPorts } from './dialog.ts';

/** Where codes can be sent to. */
export interface Addresses {
  /**
   * The e-mail address to which codes for whoever is known by this go: an identifier of any kind, or an address that one
   * person alone has proved and uses for recovery. Nobody for who is disabled. One statement, whatever it finds.
   */
  findRecipient(identifier: string): Promise<{ readonly sub: string; readonly address: string } | undefined>;
  /** The addresses of a person that are not verified yet. */
  findUnverified(sub: string): Promise<string[]>;
  /** Atomic: verified, with its audit row. False when the address is not the person's (any more). */
  verify(sub: string, address: string): Promise<boolean>;
  /**
   * Atomic: as `verify`, by whoever reads the mail and need not be who made the account. Where no address of it was proved
   * before, all credentials of before go and everything that was signed in ends. Answers what the account is from then on.
   */
  takeOver(sub: string, address: string): Promise<{ security: number; at: number } | undefined>;
}

export interface EmailCodePorts extends DialogPorts {
  readonly accounts: Pick<Accounts, 'findForFlow'>;
  readonly addresses: Addresses;
}
