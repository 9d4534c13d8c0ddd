import { OAuthError, type Reason } from '@authority/errors';
import type { RegistrationEndpoint, RegistrationMode } from '../model/endpoint.ts';
import type { ClientRegistration, ManageRegistrationRequest, RegistrationPolicy } from '../model/registration.ts';
import type { ManagedClient, ProtocolPorts, Random, RegistrationToken } from '../ports.ts';
import { bearerError, tokenMissing } from '../primitives/challenge.ts';
import { makeClientId, makeSecret, makeSigningSecret } from '../primitives/identifiers.ts';
import { isObject } from '../primitives/jwt.ts';
import { validateRegistration } from '../registration/client-metadata.ts';
import { clientInformation } from '../registration/information.ts';
import { invalidMetadata } from '../registration/metadata.ts';
import { openRegistrationPolicy } from '../registration/policy.ts';
import { assertSectorIdentifier } from '../registration/subject-type.ts';

export type RegistrationPorts = Pick<
  ProtocolPorts,
  'issuer' | 'registrationTokens' | 'clientStore' | 'clients' | 'random' | 'sectorIdentifiers' | 'policy' | 'resources'
> & {
  registrationMode: RegistrationMode;
};

/** /oauth2/register (RFC 7591 §3) and its management (RFC 7592 §2). */
export function createRegistrationEndpoint(ports: RegistrationPorts): RegistrationEndpoint {
  return {
    async register({ body, authorization }, now) {
      const token = await readInitialToken(authorization, ports, now);
      const policy = token?.policy ?? openRegistrationPolicy;
      const registration = validateRegistration(parseBody(body), withOpenScopes(policy, ports), ports.policy.profile());
      await assertSectorIdentifier(registration, ports.sectorIdentifiers);
      const values = makeValues(registration, ports);

      // The use is counted with the row, so that metadata which was refused costs none.
      const entry = { ...values, registration, policy, ...(token && { registration_token_id: token.registration_token_id }) };
      const created = await ports.clientStore.create(entry, now);
      if (created !== 'created') throw tokenRefused('registration_token_used_up');
      return clientInformation(registration, { ...values, client_id_issued_at: Math.floor(now / 1000) }, ports.issuer);
    },

    async read(request) {
      const { managed, registration_access_token } = await readManaged(request, ports);
      const { client_id_issued_at, registration } = managed;
      return clientInformation(
        registration,
        { client_id: request.client_id, client_id_issued_at, registration_access_token },
        ports.issuer,
      );
    },

    async update({ body, ...request }, now) {
      const { managed, registration_access_token } = await readManaged(request, ports);
      const metadata = parseBody(body);
      await assertSameClient(metadata, request.client_id, ports);
      const registration = validateRegistration(metadata, withOpenScopes(policyAfter(managed), ports), ports.policy.profile());
      await assertSectorIdentifier(registration, ports.sectorIdentifiers);
      const secret = secretAfter(managed.registration, registration, ports);
      await ports.clientStore.update(request.client_id, registration, secret, now);
      const values = { client_id: request.client_id, client_id_issued_at: managed.client_id_issued_at, registration_access_token };
      return clientInformation(registration, secret ? { ...values, client_secret: secret } : values, ports.issuer);
    },

    async delete(request, now) {
      await readManaged(request, ports);
      await ports.clientStore.delete(request.client_id, now);
    },
  };
}

/** RFC 7591 §3: open, or by an initial access token, which may also come where registration is open. */
async function readInitialToken(authorization: string, ports: RegistrationPorts, now: number): Promise<RegistrationToken | undefined> {
  if (ports.registrationMode === 'off') {
    throw new OAuthError('access_denied', 'registration_off', { description: 'clients are registered by the operator' });
  }
  if (authorization === '' && ports.registrationMode === 'open') return undefined;
  const value = readBearer(authorization, 'registration_token_missing');
  const token = await ports.registrationTokens.find(value, now);
  if (token === undefined) throw tokenRefused('registration_token_invalid');
  if (token === 'used_up') throw tokenRefused('registration_token_used_up');
  return token;
}

function readBearer(authorization: string, missing: Reason): string {
  if (authorization === '') throw tokenMissing(missing);
  const match = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(authorization);
  if (!match?.[1]) throw tokenMissing(missing);
  return match[1];
}

function tokenRefused(reason: Reason): OAuthError {
  return bearerError('invalid_token', reason, 'the token is not valid');
}

function parseBody(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    if (isObject(value)) return value;
  } catch {
    // Said below, with what is no object.
  }
  throw invalidMetadata('the body is not a JSON object');
}

function makeValues({ token_endpoint_auth_method }: ClientRegistration, { random }: RegistrationPorts) {
  return {
    client_id: makeClientId(random),
    ...withSecret(token_endpoint_auth_method, random),
    registration_access_token: makeSecret(random),
  };
}

/** Secrets are kept in two ways: to be compared, and to verify assertions with. None can be turned into the other. */
function secretKind(method: string): 'compared' | 'signing' | undefined {
  if (method === 'client_secret_jwt') return 'signing';
  return method === 'client_secret_basic' || method === 'client_secret_post' ? 'compared' : undefined;
}

function withSecret(method: string, random: Random): { client_secret?: string } {
  const kind = secretKind(method);
  if (kind === undefined) return {};
  return { client_secret: kind === 'signing' ? makeSigningSecret(random) : makeSecret(random) };
}

/** RFC 7592 §2: a token of another client, or of one that is gone, is invalid_token; the client_id alone tells nothing. */
async function readManaged(
  request: ManageRegistrationRequest,
  ports: RegistrationPorts,
): Promise<{ managed: ManagedClient; registration_access_token: string }> {
  const registration_access_token = readBearer(request.authorization, 'token_missing');
  const managed = await ports.clientStore.findManaged(request.client_id, registration_access_token);
  if (!managed || managed.disabled) throw tokenRefused('registration_access_token_invalid');
  return { managed, registration_access_token };
}

/** What an update must repeat and must not send (RFC 7592 §2.2). */
async function assertSameClient(metadata: Record<string, unknown>, client_id: string, { clients }: RegistrationPorts): Promise<void> {
  if (metadata['client_id'] !== client_id) throw invalidMetadata('client_id is not that of this registration');
  const forbidden = ['registration_access_token', 'registration_client_uri', 'client_secret_expires_at', 'client_id_issued_at'];
  const sent = forbidden.find((name) => Object.hasOwn(metadata, name));
  if (sent !== undefined) throw invalidMetadata(`${sent} must not be sent`);
  const secret = metadata['client_secret'];
  if (secret === undefined) return;
  if (typeof secret !== 'string' || !(await clients.verifySecret(client_id, secret)))
    throw invalidMetadata('client_secret is not that of this registration');
}

/** The profile that a client has is kept, whoever gave it: an update never weakens what an operator demanded. */
function policyAfter({ policy, registration: { profile } }: ManagedClient): RegistrationPolicy {
  return profile === undefined ? policy : { ...policy, profile };
}

/** Where an initial access token names no scopes, those of resources that are open to every client may be asked for too. */
function withOpenScopes(policy: RegistrationPolicy, { resources }: RegistrationPorts): RegistrationPolicy {
  return policy.scopes.length > 0 ? policy : { ...policy, openScopes: resources.openScopes() };
}

/** A new secret where the method needs one of another kind than before, none (null) where it no longer does; else as it is. */
function secretAfter(before: ClientRegistration, after: ClientRegistration, { random }: RegistrationPorts): string | null | undefined {
  if (secretKind(before.token_endpoint_auth_method) === secretKind(after.token_endpoint_auth_method)) return undefined;
  return withSecret(after.token_endpoint_auth_method, random).client_secret ?? null;
}
