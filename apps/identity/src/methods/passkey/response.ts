/** RegistrationResponseJSON (WebAuthn §5.1), the members that we use. */
export interface RegistrationAnswer {
  readonly id: string;
  readonly clientDataJSON: string;
  readonly attestationObject: string;
  readonly transports: readonly string[];
}

/** AuthenticationResponseJSON (WebAuthn §5.1), the members that we use. */
export interface AuthenticationAnswer {
  readonly id: string;
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
  readonly signature: string;
  /** Empty when the authenticator did not say. */
  readonly userHandle: string;
}

/** What the browser calls an authenticator's ways (WebAuthn §5.8.4); others are left out. */
const knownTransports: ReadonlySet<unknown> = new Set(['usb', 'nfc', 'ble', 'smart-card', 'hybrid', 'internal']);

/** Longer than any answer without attestation; the flow's own bound on values is before it. */
const longestAnswer = 16_384;

/** A credential ID has at most 1023 bytes (WebAuthn §4, "Credential ID"). */
const longestId = 1364;

export function readRegistration(json: string): RegistrationAnswer | undefined {
  const answer = readAnswer(json);
  if (!answer) return undefined;
  const { id, response } = answer;
  const [clientDataJSON, attestationObject] = [base64urlOf(response['clientDataJSON']), base64urlOf(response['attestationObject'])];
  if (clientDataJSON === undefined || attestationObject === undefined) return undefined;
  const { transports } = response;
  const said = Array.isArray(transports) ? [...new Set(transports.filter(isTransport))] : [];
  return { id, clientDataJSON, attestationObject, transports: said };
}

export function readAuthentication(json: string): AuthenticationAnswer | undefined {
  const answer = readAnswer(json);
  if (!answer) return undefined;
  const { id, response } = answer;
  const clientDataJSON = base64urlOf(response['clientDataJSON']);
  const authenticatorData = base64urlOf(response['authenticatorData']);
  const signature = base64urlOf(response['signature']);
  if (clientDataJSON === undefined || authenticatorData === undefined || signature === undefined) return undefined;
  return { id, clientDataJSON, authenticatorData, signature, userHandle: base64urlOf(response['userHandle']) ?? '' };
}

/** WebAuthn §5.8.1: what the browser itself says of the page that asked. */
export interface ClientData {
  readonly challenge: string;
  readonly crossOrigin: unknown;
}

export function readClientData(clientDataJSON: string): ClientData | undefined {
  const data = parsed(Buffer.from(clientDataJSON, 'base64url').toString());
  if (!isObject(data) || typeof data['challenge'] !== 'string') return undefined;
  return { challenge: data['challenge'], crossOrigin: data['crossOrigin'] };
}

function readAnswer(json: string): { id: string; response: Record<string, unknown> } | undefined {
  if (json.length > longestAnswer) return undefined;
  const answer = parsed(json);
  if (!isObject(answer) || answer['type'] !== 'public-key' || !isObject(answer['response'])) return undefined;
  const id = base64urlOf(answer['id']);
  return id === undefined || id.length > longestId ? undefined : { id, response: answer['response'] };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const isTransport = (value: unknown): value is string => knownTransports.has(value);

/** One spelling for each value: what decodes to the same bytes but is written otherwise would be another key of the table. */
function base64urlOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^[\w-]+$/.test(value)) return undefined;
  return Buffer.from(value, 'base64url').toString('base64url') === value ? value : undefined;
}
