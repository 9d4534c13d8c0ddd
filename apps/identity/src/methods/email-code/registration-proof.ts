import type { Accounts } from '../../accounts/ports.ts';
import type { Traits } from '../../accounts/traits.ts';
import { sendCode } from '../../codes/send.ts';
import type { SendLimits } from '../../codes/limits.ts';
import { ask, type Form, type Result, type Submission, type View } from '../../flows/method.ts';
import { errorMessage } from '../../flows/state.ts';
import type { IdentitySchema } from '../../schemas/identity-schema.ts';
import { answerCode, codeForm, type DialogPorts, send } from './dialog.ts';
import type { Addresses } from './ports.ts';
import { sentCodeOf } from './sent-code.ts';

export interface RegistrationProofPorts extends DialogPorts {
  readonly limits: Pick<SendLimits, 'admit' | 'admitAddress'>;
  readonly accounts: Pick<Accounts, 'findByIdentifier'>;
  readonly addresses: Pick<Addresses, 'verify'>;
  /** Under a key that the store of flows does not have: a password hash waits there. */
  readonly seal: (text: string, browser: string) => Promise<string>;
  readonly open: (sealed: string, browser: string) => Promise<string | undefined>;
}

/** An account, or a change of one, that waits for the proof of its address. */
export interface PendingAccount {
  readonly schema: { readonly id: string; readonly version: number };
  readonly traits: Traits;
  readonly passwordHash: string;
  /** Of a change: the traits that they were made from. */
  readonly before?: Traits;
}

type ProofPurpose = 'registration' | 'change';

/**
 * That an address is proved at registration (`registration.verify`): not at all, after it, or before there is an account.
 * Before: the answer is the same whether or not the address is taken, and whoever has it is told by mail; the account is made
 * when the code is typed, so that nobody sits on an address of somebody else's.
 */
export class RegistrationProof {
  readonly #ports: RegistrationProofPorts;

  constructor(ports: RegistrationProofPorts) {
    this.#ports = ports;
  }

  /** The address that must be proved before there is an account. */
  addressBefore(schema: IdentitySchema, traits: Traits): string | undefined {
    return this.#ports.settings.get('registration.verify') === 'before' ? addressesToVerify(schema, traits)[0] : undefined;
  }

  /** A new address that must be proved before it takes the place of another. */
  addressChanged(schema: IdentitySchema, before: Traits, after: Traits): string | undefined {
    if (this.#ports.settings.get('registration.verify') === 'none') return undefined;
    const had = addressesToVerify(schema, before);
    return addressesToVerify(schema, after).find((one) => !had.includes(one));
  }

  /** Asks for the code that was sent. */
  offer(view: View): Form | undefined {
    return codeForm(view, { message: 'code_sent_registration' });
  }

  async ask(submission: Submission, address: string, account: PendingAccount, purpose: ProofPurpose = 'registration'): Promise<Result> {
    const sealed = await this.#ports.seal(JSON.stringify(account), submission.flow.browser);
    return this.#send(submission, address, sealed, purpose);
  }

  /** The account that was waiting, once its address is proved. */
  async answer(
    submission: Submission,
    purpose: ProofPurpose = 'registration',
  ): Promise<{ account: PendingAccount; address: string } | { result: Result }> {
    const { memory, flow } = submission;
    const sent = sentCodeOf(memory);
    const sealed = memory['pending'];
    if (!sent || typeof sealed !== 'string') return { result: { kind: 'next', memory: {} } };
    const resend = () => this.#send(submission, sent.to, sealed, purpose);
    const answered = await answerCode(submission, sent, { purpose, resend }, this.#ports);
    if ('result' in answered) return answered;
    const opened = await this.#ports.open(sealed, flow.browser);
    if (opened === undefined) return { result: ask({ '': [errorMessage('flow_expired')] }, undefined, {}) };
    return { account: JSON.parse(opened), address: sent.to };
  }

  /** The account is there: what was proved of it, or a mail by which it can be. */
  async registered(submission: Submission, sub: string, { schema, traits }: { schema: IdentitySchema; traits: Traits }): Promise<void> {
    if (this.#ports.settings.get('registration.verify') !== 'after') return;
    const { flow, address: network, userAgent, now } = submission;
    const { limits } = this.#ports;
    // Registrations are limited by network themselves.
    const byAddress = { admit: (to: string, _: string, at: number) => limits.admitAddress(to, at) };
    for (const address of addressesToVerify(schema, traits)) {
      const request = {
        purpose: 'verification',
        address,
        sub,
        browser: flow.browser,
        network,
        userAgent,
        locale: flow.locale,
        now,
      } as const;
      await sendCode(request, { ...this.#ports, limits: byAddress });
    }
  }

  verified(sub: string, address: string): Promise<boolean> {
    return this.#ports.addresses.verify(sub, address);
  }

  async #send(submission: Submission, address: string, sealed: string, purpose: ProofPurpose): Promise<Result> {
    const { account } = await this.#ports.accounts.findByIdentifier(address, submission.flow.browser);
    const recipient = { address, sub: undefined, isTaken: account !== undefined };
    const result = await send(submission, purpose, recipient, address, this.#ports);
    return result.kind === 'next' ? { ...result, memory: { ...result.memory, pending: sealed } } : result;
  }
}

const addressesToVerify = (schema: IdentitySchema, traits: Traits): string[] =>
  schema
    .addressesOf(traits)
    .filter(({ kind, verify }) => kind === 'email' && verify)
    .map(({ value }) => value);
