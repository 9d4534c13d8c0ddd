import { OAuthError } from '@authority/errors';
import { nameOf, summaryOf } from '../authorize/details.ts';
import type { Authentication, SessionFacts } from '../model/authorization.ts';
import type { Client } from '../model/client.ts';
import type { DeviceStep, DeviceVerificationState, FoundDeviceRequest, StoredDeviceVerification } from '../model/device.ts';
import type { DeviceVerificationEndpoint } from '../model/endpoint.ts';
import type { DeviceVerification } from '../model/front-channel.ts';
import type { ProtocolPorts } from '../ports.ts';
import { equalText } from '../primitives/constant-time.ts';
import { formatUserCode, normalizeUserCode } from '../primitives/user-code.ts';

type Ports = Pick<
  ProtocolPorts,
  | 'clients'
  | 'scopes'
  | 'policy'
  | 'sessions'
  | 'identities'
  | 'deviceRequests'
  | 'deviceDecisions'
  | 'deviceVerifications'
  | 'userCodeGuesses'
>;

/** In front of the handle, so that no other interaction is taken for one, and none of these for another. */
const prefix = 'dv_';

export function isDeviceVerification(interaction: string): boolean {
  return interaction.startsWith(prefix);
}

/**
 * The device pages (RFC 8628 §3.3): sign in, type the code, see who asks and from where, decide. Every step asks this
 * again, as every step of an authorization asks authorize; the first decision is final.
 */
export function createDeviceVerificationEndpoint(ports: Ports): DeviceVerificationEndpoint {
  return {
    async decideDevice(step, now) {
      const { handle, verification } = step.interaction === '' ? await begin(step, ports, now) : await open(step, ports, now);
      const session = await liveSession(step.session, ports, now);
      if (!session) return { $case: 'interaction', value: { handle, kind: 'login' } };

      const visit: Visit = { handle, verification, session, peer_address: step.peer_address };
      const value = await advance(visit, step, ports, now);
      return { $case: 'verification', value: { ...value, signed_in_as: await nameOf(session.sub, ports) } };
    },

    async interaction(handle, browser, now, session) {
      await open({ interaction: handle, browser }, ports, now);
      return { handle, kind: (await liveSession(session, ports, now)) ? 'device' : 'login' };
    },
  };
}

/** A signed-in person's step. */
interface Visit {
  handle: string;
  verification: StoredDeviceVerification;
  session: SessionFacts;
  peer_address: string;
}

async function begin({ browser, user_code }: DeviceStep, { deviceVerifications, policy }: Ports, now: number) {
  // Without a browser it would belong to whoever comes first.
  if (browser === '') throw otherBrowser();
  const code = normalizeUserCode(user_code);
  const verification: StoredDeviceVerification = {
    version: 1,
    browser,
    // Only what can be a code comes into the field: the rest is a stranger's text.
    user_code: code === undefined ? '' : formatUserCode(code),
    expiresAt: now + policy.interactionLifetime() * 1000,
  };
  return { handle: prefix + (await deviceVerifications.store(verification)), verification };
}

async function open(step: Pick<DeviceStep, 'interaction' | 'browser'>, { deviceVerifications }: Ports, now: number) {
  const verification = await deviceVerifications.find(stored(step.interaction));
  if (!verification || verification.expiresAt <= now) throw gone();
  if (step.browser === '' || !equalText(verification.browser, step.browser)) throw otherBrowser();
  return { handle: step.interaction, verification };
}

async function advance(visit: Visit, step: DeviceStep, ports: Ports, now: number): Promise<DeviceVerification> {
  const { verification, session } = visit;
  if (step.interaction !== '' && step.user_code !== '') return typed(visit, step.user_code, ports, now);
  // What another person was shown in this browser is nothing that this one can decide.
  const shown = verification.shown?.sub === session.sub ? verification.shown : undefined;
  if (!shown) return page(visit, 'enter');
  const pending = await findPending(() => ports.deviceRequests.find(shown.id, now), ports);
  if (!pending) return page(visit, 'expired');
  return step.decision ? decide(visit, pending, step.decision, ports, now) : confirmation(visit, pending, 'confirm', ports);
}

/** The person typed a code: counted before it is looked for (RFC 8628 §5.1). What cannot be a code guesses nothing. */
async function typed(visit: Visit, user_code: string, ports: Ports, now: number): Promise<DeviceVerification> {
  const { handle, session, peer_address } = visit;
  const code = normalizeUserCode(user_code);
  const again = { ...visit, verification: { ...visit.verification, user_code: code ? formatUserCode(code) : user_code.slice(0, 20) } };
  if (code === undefined) return page(again, 'unknown');

  const guessed = await ports.userCodeGuesses.admit({ sub: session.sub, peer_address }, now);
  const pending = await findPending(() => ports.deviceRequests.findByUserCode(code, now), ports);
  await guessed(pending !== undefined);
  if (!pending) return page(again, 'unknown');
  const shown = { id: pending.found.id, sub: session.sub };
  await ports.deviceVerifications.update(stored(handle), { user_code: formatUserCode(code), shown });
  return confirmation(again, pending, 'confirm', ports);
}

interface Pending {
  found: FoundDeviceRequest;
  client: Client;
  scopes: readonly string[];
}

/** A request whose client is still there. No more than it asked for, nor than its client may have by now. */
async function findPending(find: () => Promise<FoundDeviceRequest | undefined>, { clients }: Ports): Promise<Pending | undefined> {
  const found = await find();
  const client = found && clients.find(found.request.client_id);
  if (!client || client.disabled) return undefined;
  return { found, client, scopes: found.request.scopes.filter((scope) => client.scopes.includes(scope)) };
}

async function decide(visit: Visit, pending: Pending, decision: 'allow' | 'deny', ports: Ports, now: number): Promise<DeviceVerification> {
  const { found, client, scopes } = pending;
  // Before the decision is written, so that no poll can miss it: until it is, devices are told to wait.
  await ports.deviceRequests.settle(found.id);
  const inForce = await ports.deviceDecisions.decide({
    ...{ code_hash: found.code_hash, client_id: client.client_id, sub: visit.session.sub, allowed: decision === 'allow', scopes },
    resources: found.request.resources,
    authentication: authenticationOf(client, visit.session),
    decidedAt: now,
    expiresAt: found.request.expiresAt,
  });
  await ports.deviceRequests.close(found.id);
  await ports.deviceVerifications.take(stored(visit.handle));
  // A form that was sent twice is told what came of it, and nobody what another person decided.
  if (inForce.sub !== visit.session.sub) return page(visit, 'decided_before');
  return confirmation(visit, pending, inForce.allowed ? 'allowed' : 'denied', ports);
}

/** Without `sid`: what is allowed does not end with the session that it was allowed in. */
function authenticationOf(client: Client, session: SessionFacts): Authentication {
  return {
    auth_time: Math.floor(session.authTimeMs / 1000),
    acr: session.acr,
    amr: session.amr,
    authTimeRequired: client.require_auth_time,
  };
}

function page({ handle, verification: { user_code } }: Visit, state: DeviceVerificationState): DeviceVerification {
  return { interaction: handle, state, user_code, scopes: [], resources: [], signed_in_as: '' };
}

/** Who asks, for what, and where from (RFC 8628 §5.4): shown before and after the decision. */
function confirmation(visit: Visit, { found, client, scopes }: Pending, state: DeviceVerificationState, ports: Ports): DeviceVerification {
  const { peer_address, user_agent, requestedAt, resources } = found.request;
  return {
    ...page(visit, state),
    client: summaryOf(client),
    scopes: scopes.map((name) => ({ name, description: ports.scopes.description(name), granted_before: false })),
    resources: [...resources],
    origin: { peer_address, user_agent, requested_at_ms: requestedAt, same_address: peer_address === visit.peer_address },
  };
}

async function liveSession(handle: string, { sessions }: Ports, now: number): Promise<SessionFacts | undefined> {
  const session = handle === '' ? undefined : await sessions.resolve(handle);
  return session && session.expiresAt > now ? session : undefined;
}

function stored(interaction: string): string {
  return interaction.slice(prefix.length);
}

function gone(): OAuthError {
  return new OAuthError('invalid_request', 'interaction_unknown', { description: 'the page has expired or was answered before' });
}

function otherBrowser(): OAuthError {
  return new OAuthError('invalid_request', 'interaction_of_other_browser', { description: 'the page was opened in another browser' });
}
