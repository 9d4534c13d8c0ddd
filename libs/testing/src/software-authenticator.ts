import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** What an authenticator is told to do wrong, or otherwise. */
export interface Behaviour {
  /** The page that asked, as the browser says. */
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  readonly userPresent?: boolean;
  readonly userVerified?: boolean;
  /** Instead of the next one. */
  readonly counter?: number;
  readonly userHandle?: string;
  readonly backedUp?: boolean;
  readonly backupEligible?: boolean;
  /** Instead of `none`. */
  readonly attestation?: 'packed';
}

interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id: string };
  readonly user: { readonly id: string };
}

interface RequestOptions {
  readonly challenge: string;
  readonly rpId: string;
}

/** One passkey, and the browser around it (WebAuthn §6): ES256, in memory. What it is asked to do wrong, it does. */
export class SoftwareAuthenticator {
  readonly id: string;
  readonly #origin: string;
  readonly #idBytes = randomBytes(32);
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  #counter: number;
  #userHandle = '';

  /** `counter` 0: it has none, as passkeys that are on several devices. */
  constructor(origin: string, { counter = 0 } = {}) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#origin = origin;
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
    this.#counter = counter;
    this.id = this.#idBytes.toString('base64url');
  }

  /** navigator.credentials.create: a RegistrationResponseJSON. */
  create(options: CreationOptions, behaviour: Behaviour = {}): string {
    this.#userHandle = options.user.id;
    const clientDataJSON = this.#clientData('webauthn.create', options.challenge, behaviour);
    const { x = '', y = '' } = this.#publicKey.export({ format: 'jwk' });
    const key = cborMap([1, 2], [3, -7], [-1, 1], [-2, Buffer.from(x, 'base64url')], [-3, Buffer.from(y, 'base64url')]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.#idBytes.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.#idBytes, key]);
    const authData = Buffer.concat([this.#authenticatorData(options.rp.id, behaviour, 0x40), attested]);
    const junk = cborMap(['alg', -7], ['sig', Buffer.from('none')], ['x5c', Buffer.from('no list')]);
    const attestationObject = Buffer.concat([
      Buffer.from([0xa3]),
      ...[cbor('fmt'), cbor(behaviour.attestation ?? 'none')],
      ...[cbor('attStmt'), behaviour.attestation ? junk : Buffer.from([0xa0])],
      ...[cbor('authData'), cbor(authData)],
    ]);
    const response = { clientDataJSON, attestationObject: attestationObject.toString('base64url'), transports: ['internal', 'hybrid'] };
    return this.#answer(response);
  }

  /** navigator.credentials.get: an AuthenticationResponseJSON. */
  get(options: RequestOptions, behaviour: Behaviour = {}): string {
    if (this.#counter > 0) this.#counter += 1;
    const clientDataJSON = this.#clientData('webauthn.get', options.challenge, behaviour);
    const authenticatorData = this.#authenticatorData(options.rpId, behaviour, 0);
    const signed = Buffer.concat([authenticatorData, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
    const signature = sign('sha256', signed, this.#privateKey);
    const userHandle = behaviour.userHandle ?? this.#userHandle;
    return this.#answer({
      clientDataJSON,
      authenticatorData: authenticatorData.toString('base64url'),
      signature: signature.toString('base64url'),
      ...(userHandle === '' ? {} : { userHandle }),
    });
  }

  #answer(response: Readonly<Record<string, unknown>>): string {
    return JSON.stringify({ id: this.id, rawId: this.id, type: 'public-key', response, clientExtensionResults: {} });
  }

  #clientData(type: string, challenge: string, behaviour: Behaviour): string {
    const data = {
      type: behaviour.type ?? type,
      challenge: behaviour.challenge ?? challenge,
      origin: behaviour.origin ?? this.#origin,
      crossOrigin: behaviour.crossOrigin ?? false,
    };
    return Buffer.from(JSON.stringify(data)).toString('base64url');
  }

  /** WebAuthn §6.1: SHA-256 of the RP ID, flags, counter. */
  #authenticatorData(rpId: string, behaviour: Behaviour, more: number): Buffer {
    const { userPresent = true, userVerified = true, backupEligible = this.#counter === 0, backedUp = backupEligible } = behaviour;
    const flags = Number(userPresent) | (Number(userVerified) << 2) | (Number(backupEligible) << 3) | (Number(backedUp) << 4);
    const rest = Buffer.alloc(5);
    rest.writeUInt8(flags | more);
    rest.writeUInt32BE(behaviour.counter ?? this.#counter, 1);
    return Buffer.concat([sha256(Buffer.from(behaviour.rpId ?? rpId)), rest]);
  }
}

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

type Cbor = number | string | Buffer;

/** RFC 8949, as little of it as an authenticator writes. */
function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  const bytes = Buffer.from(value);
  return Buffer.concat([head(typeof value === 'string' ? 3 : 2, bytes.length), bytes]);
}

const cborMap = (...entries: readonly (readonly [Cbor, Cbor])[]): Buffer =>
  Buffer.concat([head(5, entries.length), ...entries.flat().map(cbor)]);

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  return value < 256 ? Buffer.from([(major << 5) | 24, value]) : Buffer.from([(major << 5) | 25, value >> 8, value & 0xff]);
}
