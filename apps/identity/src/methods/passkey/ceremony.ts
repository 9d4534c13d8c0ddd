import { log } from '@authority/telemetry';
import { algorithms } from './options.ts';
import type { Assertion, FoundPasskey, NewPasskey } from './passkeys.ts';
import type { RelyingParty } from './relying-party.ts';
import { type AuthenticationAnswer, type RegistrationAnswer, readClientData } from './response.ts';

/** Read at the first passkey: most processes of a small server never see one, and it is large. */
const library = () => import('@simplewebauthn/server');
const parts = () => import('@simplewebauthn/server/helpers');

/** Registering a new credential (WebAuthn §7.1). Undefined when anything about it is wrong; the log says what. */
export async function verifyRegistration(answer: RegistrationAnswer, challenge: string, rp: RelyingParty): Promise<NewPasskey | undefined> {
  return orUndefined(async () => {
    assertOwnFrame(answer.clientDataJSON);
    const { verifyRegistrationResponse } = await library();
    const { id, clientDataJSON, transports } = answer;
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: {
        ...{ id, rawId: id, type: 'public-key', clientExtensionResults: {} },
        response: { clientDataJSON, attestationObject: await withoutAttestation(answer.attestationObject) },
      },
      expectedChallenge: challenge,
      expectedOrigin: [...rp.origins],
      expectedRPID: rp.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    });
    if (!verified || registrationInfo.credential.id !== id) throw new Error('the credential is not the one that was made');
    const { credential, aaguid, credentialDeviceType, credentialBackedUp: backedUp, userVerified } = registrationInfo;
    const { publicKey, counter } = credential;
    const backupEligible = credentialDeviceType === 'multiDevice';
    return { id, publicKey, counter, transports, aaguid, backupEligible, backedUp, userVerified };
  });
}

/** Verifying an assertion (WebAuthn §7.2). The counter is compared where it is kept (`Passkeys.use`), in one statement. */
export async function verifyAssertion(
  answer: AuthenticationAnswer,
  passkey: FoundPasskey,
  challenge: string,
  rp: RelyingParty,
  userVerification: 'required' | 'discouraged',
): Promise<Assertion | undefined> {
  return orUndefined(async () => {
    assertOwnFrame(answer.clientDataJSON);
    const { verifyAuthenticationResponse } = await library();
    const { id, clientDataJSON, authenticatorData, signature } = answer;
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        ...{ id, rawId: id, type: 'public-key', clientExtensionResults: {} },
        response: { clientDataJSON, authenticatorData, signature },
      },
      expectedChallenge: challenge,
      expectedOrigin: [...rp.origins],
      expectedRPID: rp.id,
      requireUserVerification: userVerification === 'required',
      credential: { id, publicKey: Uint8Array.from(passkey.publicKey), counter: 0 },
    });
    if (!verified) throw new Error('the signature is wrong');
    const { newCounter: counter, userVerified, credentialBackedUp: backedUp, credentialDeviceType } = authenticationInfo;
    // WebAuthn §7.2 step 19: whether a key may be backed up is settled when it is made.
    const backupEligible = credentialDeviceType === 'multiDevice';
    if (backupEligible !== passkey.backupEligible) throw new Error('the backup eligibility has changed');
    return { counter, userVerified, backedUp };
  });
}

/** Our pages are in no frame (WebAuthn §13.4.2); whatever says so is not from them. */
function assertOwnFrame(clientDataJSON: string): void {
  const data = readClientData(clientDataJSON);
  if (data === undefined || data.crossOrigin === true) throw new Error('it was asked for in a frame of another site');
}

/**
 * Attestation `none` (WebAuthn §8.7): browsers take the statement out, and where one is sent all the same it is dropped unread,
 * because nothing is decided by it. So no certificate that a stranger sent is ever parsed.
 */
async function withoutAttestation(attestationObject: string): Promise<string> {
  const { decodeAttestationObject, isoCBOR } = await parts();
  const authData = decodeAttestationObject(Uint8Array.from(Buffer.from(attestationObject, 'base64url'))).get('authData');
  const none = new Map<string, Uint8Array | string | Map<string, string>>([
    ['fmt', 'none'],
    ['attStmt', new Map<string, string>()],
    ['authData', authData],
  ]);
  return Buffer.from(isoCBOR.encode(none)).toString('base64url');
}

/** The algorithm of a COSE_Key (RFC 9052 §7.1); undefined when it is none. */
export type KeyReader = (publicKey: Uint8Array) => number | undefined;

export async function keyReader(): Promise<KeyReader> {
  const { cose, decodeCredentialPublicKey } = await parts();
  return (publicKey) => {
    try {
      return decodeCredentialPublicKey(Uint8Array.from(publicKey)).get(cose.COSEKEYS.alg);
    } catch {
      return undefined;
    }
  };
}

/** The library throws for what is wrong with an answer; whoever sent it is told one thing, the log what it was. */
async function orUndefined<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    log.info('passkey.refused', { why: error instanceof Error ? error.message.slice(0, 200) : 'unknown' });
    return undefined;
  }
}
