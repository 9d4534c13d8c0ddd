import type {
  Client,
  ClientRegistration,
  ClientStore,
  Clients,
  ManagedClient,
  NewClient,
  RegistrationPolicy,
  RegistrationToken,
  RegistrationTokens,
  SectorIdentifiers,
} from '@authority/protocol';

interface StoredToken extends RegistrationToken {
  /** How many clients it may still register. */
  left: number;
}

export class FakeRegistrationTokens implements RegistrationTokens {
  /** By value. */
  readonly all = new Map<string, StoredToken>();

  add(value: string, policy: RegistrationPolicy, uses = Number.POSITIVE_INFINITY): void {
    this.all.set(value, { registration_token_id: `rt-${value}`, policy, left: uses });
  }

  async find(value: string): Promise<RegistrationToken | 'used_up' | undefined> {
    const token = this.all.get(value);
    return token?.left === 0 ? 'used_up' : token;
  }

  /** False when another took the last use. */
  use(registration_token_id: string): boolean {
    const token = [...this.all.values()].find((one) => one.registration_token_id === registration_token_id);
    if (!token || token.left === 0) return false;
    token.left -= 1;
    return true;
  }
}

/** Where a registered client becomes known. */
interface ClientSink extends Clients {
  all: Map<string, Client>;
  secrets: Map<string, string>;
}

export class FakeClientStore implements ClientStore {
  readonly managed = new Map<string, ManagedClient & { token: string }>();
  readonly #clients: ClientSink;
  readonly #tokens: FakeRegistrationTokens;

  constructor(clients: ClientSink, tokens: FakeRegistrationTokens) {
    this.#clients = clients;
    this.#tokens = tokens;
  }

  async create(entry: NewClient, now: number): Promise<'created' | 'registration_token_used_up'> {
    const { registration, policy, registration_access_token: token } = entry;
    if (entry.registration_token_id !== undefined && !this.#tokens.use(entry.registration_token_id)) return 'registration_token_used_up';
    const client_id_issued_at = Math.floor(now / 1000);
    this.managed.set(entry.client_id, { registration, policy, client_id_issued_at, disabled: false, token });
    this.#put(entry.client_id, registration);
    if (entry.client_secret !== undefined) this.#clients.secrets.set(entry.client_id, entry.client_secret);
    return 'created';
  }

  async findManaged(client_id: string, token: string): Promise<ManagedClient | undefined> {
    const found = this.managed.get(client_id);
    return found?.token === token ? found : undefined;
  }

  async update(client_id: string, registration: ClientRegistration, secret: string | null | undefined): Promise<void> {
    const found = this.managed.get(client_id);
    if (found) this.managed.set(client_id, { ...found, registration });
    this.#put(client_id, registration);
    if (secret === null) this.#clients.secrets.delete(client_id);
    else if (secret !== undefined) this.#clients.secrets.set(client_id, secret);
  }

  async delete(client_id: string): Promise<void> {
    this.managed.delete(client_id);
    this.#clients.all.delete(client_id);
  }

  #put(client_id: string, registration: ClientRegistration): void {
    this.#clients.all.set(client_id, {
      ...registration,
      client_id,
      consentSkipped: false,
      allowedResources: [],
      legacyAssertionAudience: false,
      refreshTokenRotation: 'default',
      disabled: false,
      operator: false,
    });
  }
}

export class FakeSectorIdentifiers implements SectorIdentifiers {
  /** By sector_identifier_uri. */
  readonly published = new Map<string, readonly string[]>();

  async find(uri: string): Promise<readonly string[] | undefined> {
    return this.published.get(uri);
  }
}
