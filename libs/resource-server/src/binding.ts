import type { AccessToken } from './access-token.ts';
import type { Challenges } from './challenges.ts';
import { showsCertificate } from './client-certificate.ts';
import { findProofFault } from './dpop.ts';
import { DpopNonces } from './dpop-nonce.ts';
import { textOf } from './json.ts';
import type { ReplayMemory, Settled } from './options.ts';
import { LocalReplayMemory } from './replay-memory.ts';
import type { GuardRequest } from './request.ts';

/** That whoever brings a token holds what it is bound to (RFC 9449 §7, RFC 8705 §3). */
export class Binding {
  private readonly replayMemory: ReplayMemory;
  private readonly nonces: DpopNonces | undefined;

  constructor(
    private readonly options: Settled,
    private readonly challenges: Challenges,
  ) {
    const { nonceSecret, replayMemory } = options.dpop ?? {};
    this.replayMemory = replayMemory ?? new LocalReplayMemory();
    this.nonces = nonceSecret && new DpopNonces(nonceSecret);
  }

  async assertHeld(request: GuardRequest, scheme: 'Bearer' | 'DPoP', token: string, { cnf }: AccessToken): Promise<void> {
    const jkt = cnf && textOf(cnf, 'jkt');
    const thumbprint = cnf && textOf(cnf, 'x5t#S256');
    if (cnf && jkt === undefined && thumbprint === undefined) {
      throw this.challenges.invalidToken(scheme, 'the access token is bound to what this server cannot check');
    }
    // RFC 9449 §7.1: a token without a key says nothing about a proof.
    if (jkt === undefined && (scheme === 'DPoP' || this.options.dpop?.required)) {
      throw this.challenges.invalidToken('DPoP', 'the access token is not bound to a key');
    }
    // RFC 9449 §7.2: a bound token as a Bearer token is a stolen one.
    if (jkt !== undefined && scheme === 'Bearer') throw this.challenges.invalidToken('DPoP', 'the access token needs a DPoP proof');
    if (thumbprint !== undefined && !showsCertificate(request, thumbprint, this.options.clientCertificate)) {
      throw this.challenges.invalidToken(scheme, 'the access token is bound to another certificate');
    }
    if (jkt !== undefined) await this.assertProof(request, token, jkt);
  }

  private async assertProof(request: GuardRequest, token: string, jkt: string): Promise<void> {
    const now = Date.now();
    const { publicUrl, clockTolerance, dpop = {} } = this.options;
    const context = { token, jkt, publicUrl, clockTolerance, options: dpop, replayMemory: this.replayMemory, nonces: this.nonces };
    const found = await findProofFault(request, context, now);
    if (!found) return;
    const headers = this.nonces ? { 'dpop-nonce': this.nonces.current(now) } : {};
    throw this.challenges.refusal(401, 'DPoP', found.fault, found.description, {}, headers);
  }
}
