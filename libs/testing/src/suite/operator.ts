import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AuditEvent,
  AuditServiceService,
  Client,
  ClientServiceService,
  type Grant,
  GrantServiceService,
  Identity,
  IdentityServiceService,
  RegistrationToken,
  RegistrationTokenServiceService,
  type Session,
  SessionServiceService,
  Setting,
  SettingsServiceService,
} from '@authority/contracts/admin';
import * as grpc from '@grpc/grpc-js';
import type { Registered } from './relying-party.ts';
import { post } from './requests.ts';
import type { Suite } from './suite.ts';

/** One RPC as ts-proto defines it. */
export interface Rpc<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly responseDeserialize: (value: Buffer) => Response;
}

/** A client that was just created, with its secret. */
export interface CreatedClient extends Registered {
  readonly client: Client;
}

export interface NewPerson {
  readonly email: string;
  readonly password: string;
  readonly name?: string;
}

/** The operator API as a test uses it: client credentials at the token endpoint, then gRPC with a bearer token. */
export class Operator {
  readonly #client: grpc.Client;
  readonly #suite: Pick<Suite, 'issuer' | 'operator'>;
  readonly #hasReplicas: boolean;
  #token: Promise<string> | undefined;
  #tokenAt = 0;

  constructor(suite: Pick<Suite, 'issuer' | 'operator' | 'adminAddress'> & Partial<Pick<Suite, 'processes'>>) {
    this.#suite = suite;
    this.#hasReplicas = suite.processes?.has('token-2') ?? false;
    this.#client = new grpc.Client(suite.adminAddress, grpc.credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 500,
    });
  }

  close(): void {
    this.#client.close();
  }

  /** An access token of the operator; the one before while it is young. */
  token(): Promise<string> {
    if (this.#token === undefined || Date.now() - this.#tokenAt > 120_000) {
      this.#tokenAt = Date.now();
      this.#token = operatorToken(this.#suite);
      this.#token.catch(() => {
        this.#token = undefined;
      });
    }
    return this.#token;
  }

  /** One call; `token` instead of the operator's own, `''` for none. */
  async call<Request, Response>(method: Rpc<Request, Response>, request: Request, token?: string): Promise<Response> {
    const metadata = new grpc.Metadata();
    const bearer = token ?? (await this.token());
    if (bearer !== '') metadata.set('authorization', `Bearer ${bearer}`);
    return new Promise((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = method;
      const options = { deadline: Date.now() + 10_000 };
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, (error, value) => {
        if (error) reject(error);
        else if (value === undefined) reject(new Error(`${path}: no answer`));
        else resolve(value);
      });
    });
  }

  /** The client, known to every replica. */
  async createClient(client: Partial<Client>): Promise<CreatedClient> {
    const answer = await this.call(ClientServiceService.createClient, { client: Client.create(client) });
    const created = present(answer.client);
    await this.#known();
    return {
      client: created,
      client_id: created.client_id,
      ...(answer.client_secret !== '' && { client_secret: answer.client_secret }),
      redirect_uri: created.redirect_uris[0] ?? '',
    };
  }

  /** A change reaches every replica within a second (house.md, caches). */
  async #known(): Promise<void> {
    if (this.#hasReplicas) await sleep(1000);
  }

  async updateClient(client_id: string, changes: Partial<Client>): Promise<void> {
    const client = Client.create({ ...changes, client_id });
    await this.call(ClientServiceService.updateClient, { client, update_mask: Object.keys(changes) });
  }

  async createIdentity({ email, password, name }: NewPerson): Promise<Identity> {
    const traits = JSON.stringify(name === undefined ? { email } : { email, name });
    const answer = await this.call(IdentityServiceService.createIdentity, { identity: Identity.create({ traits }), password });
    return present(answer.identity);
  }

  async updateIdentity(sub: string, changes: Partial<Identity>): Promise<void> {
    const identity = Identity.create({ ...changes, sub });
    await this.call(IdentityServiceService.updateIdentity, { identity, update_mask: Object.keys(changes) });
  }

  async setPassword(sub: string, password: string): Promise<void> {
    await this.call(IdentityServiceService.setPassword, { sub, password });
  }

  async sessionsOf(sub: string): Promise<Session[]> {
    const request = { sub, page_size: 0, page_token: '', filter: '' };
    return (await this.call(SessionServiceService.listSessions, request)).sessions;
  }

  async endSession(sid: string): Promise<void> {
    await this.call(SessionServiceService.deleteSession, { sid });
  }

  async grants(filter: string): Promise<Grant[]> {
    return (await this.call(GrantServiceService.listGrants, { page_size: 0, page_token: '', filter })).grants;
  }

  /** `value` is what the setting becomes; it travels as JSON. */
  /** The value, in force at every replica. */
  async setSetting(name: string, value: unknown): Promise<void> {
    const setting = Setting.create({ name, value: JSON.stringify(value) });
    await this.call(SettingsServiceService.updateSetting, { setting, update_mask: ['value'], force: false });
    await this.#known();
  }

  async createRegistrationToken(policy: Partial<RegistrationToken>): Promise<{ id: string; value: string }> {
    const request = { registration_token: RegistrationToken.create(policy) };
    const answer = await this.call(RegistrationTokenServiceService.createRegistrationToken, request);
    return { id: present(answer.registration_token).registration_token_id, value: answer.value };
  }

  async audit(filter = ''): Promise<AuditEvent[]> {
    return (await this.call(AuditServiceService.listAuditEvents, { page_size: 200, page_token: '', filter })).audit_events;
  }
}

/** RFC 6749 §4.4 with the operator's client. */
async function operatorToken({ issuer, operator }: Pick<Suite, 'issuer' | 'operator'>): Promise<string> {
  const answer = await post(`${issuer}/oauth2/token`, { grant_type: 'client_credentials', scope: 'authority.admin' }, operator);
  const { access_token } = answer.json();
  if (answer.status !== 200 || typeof access_token !== 'string')
    throw new Error(`the operator gets no token: ${answer.status} ${answer.text}`);
  return access_token;
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the operator API answered with nothing');
  return value;
}
