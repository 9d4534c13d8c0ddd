import { OAuthError } from '@authority/errors';
import type { Client, ClientDocumentPolicy, Clients, Policy, Profile } from '@authority/protocol';

export class FakeClients implements Clients {
  readonly all = new Map<string, Client>();
  readonly secrets = new Map<string, string>();
  readonly resources = new Set<string>();
  /** Answers by a promise, as imported secrets do. */
  slow = false;

  add(client: Client, secret?: string): Client {
    this.all.set(client.client_id, client);
    if (client.resourceIdentifier !== undefined) this.resources.add(client.resourceIdentifier);
    if (secret !== undefined) this.secrets.set(client.client_id, secret);
    return client;
  }

  find(client_id: string): Client | undefined {
    return this.all.get(client_id);
  }

  /** Clients by the address of their metadata: known after load alone. */
  readonly documents = new Map<string, Client>();

  async load(client_id: string): Promise<void> {
    const client = this.documents.get(client_id);
    if (client) this.all.set(client_id, client);
    else if (client_id.startsWith('https://')) throw new OAuthError('invalid_client', 'client_document_unavailable');
  }

  isLive(client_id: string): boolean {
    return this.documents.has(client_id) || this.all.get(client_id)?.disabled === false;
  }

  isResource(identifier: string): boolean {
    return this.resources.has(identifier);
  }

  signingSecrets(client_id: string): readonly string[] {
    const secret = this.secrets.get(client_id);
    return secret === undefined || this.all.get(client_id)?.token_endpoint_auth_method !== 'client_secret_jwt' ? [] : [secret];
  }

  verifySecret(client_id: string, secret: string): boolean | Promise<boolean> {
    const matches = this.secrets.get(client_id) === secret;
    return this.slow ? Promise.resolve(matches) : matches;
  }
}

export class FakePolicy implements Policy {
  frontchannel = false;
  managed = false;
  acr: readonly string[] = ['urn:authority:pwd', 'urn:authority:mfa'];
  serverProfile: Profile | undefined;

  accessTokenLifetime = (): number => 300;
  codeLifetime = (): number => 60;
  interactionLifetime = (): number => 3600;
  mustPush = false;
  mustSign = false;
  pushedRequestLifetime = (): number => 60;
  pushedRequestsRequired = (): boolean => this.mustPush;
  signedRequestObjectsRequired = (): boolean => this.mustSign;
  frontchannelLogout = (): boolean => this.frontchannel;
  sessionManagement = (): boolean => this.managed;
  offlineGrantLifetime = (): number => 30 * 86_400;
  deviceCodeLifetime = (): number => 600;
  devicePollInterval = (): number => 5;
  acrValues = (): readonly string[] => this.acr;
  nonceRequired = true;
  dpopNonceRequired = (): boolean => this.nonceRequired;
  profile = (): Profile | undefined => this.serverProfile;
  documentPolicy: ClientDocumentPolicy = { taken: 'off', hosts: [], scopes: [] };
  clientDocuments = (): ClientDocumentPolicy => this.documentPolicy;
}
