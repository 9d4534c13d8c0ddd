import {
  type CallbackServer,
  type CreatedClient,
  Operator,
  Person,
  RelyingParty,
  startBrowser,
  startCallbackServer,
  startFiveProcesses,
  startOneProcess,
  type Suite,
} from '@authority/testing/suite';
import type { Browser } from 'playwright-core';

export interface Mode {
  readonly name: string;
  readonly processes: 'one' | 'five';
  readonly redis: boolean;
}

/** One running Authority with the clients that all walks share. */
export interface World {
  readonly mode: Mode;
  readonly suite: Suite;
  readonly operator: Operator;
  readonly browser: Browser;
  readonly callbacks: CallbackServer;
  /** Confidential, HTTP Basic, RS256. */
  readonly web: CreatedClient;
  /** Public, ES256; its refresh tokens rotate. */
  readonly app: CreatedClient;
  /** A resource server. */
  readonly api: CreatedClient;
  /** A client that has nothing to do with the others. */
  readonly stranger: CreatedClient;
  newPerson(name?: string): Promise<Person & { readonly sub: string }>;
  party(client: CreatedClient, scope?: string): RelyingParty;
  close(): Promise<void>;
}

export const apiResource = 'https://api.example.com/v1';
export const password = 'violet tractor hums 42 lullabies';
const everything = 'openid profile email offline_access';

export async function openWorld(mode: Mode): Promise<World> {
  const start = mode.processes === 'one' ? startOneProcess : startFiveProcesses;
  const suite = await start({ redis: mode.redis });
  const [browser, callbacks] = await Promise.all([startBrowser(), startCallbackServer()]);
  const operator = new Operator(suite);
  const clients = await createClients(operator, callbacks);
  let people = 0;
  return {
    ...{ mode, suite, operator, browser, callbacks },
    ...clients,
    newPerson: async (name = 'Ada Example') => {
      const email = `person-${++people}@example.com`;
      const { sub } = await operator.createIdentity({ email, password, name });
      return Object.assign(new Person(suite.issuer, email, password), { sub });
    },
    party: (client, scope) => new RelyingParty(suite.issuer, client, scope),
    close: async () => {
      operator.close();
      await Promise.all([browser.close(), callbacks.close(), suite.stop()]);
    },
  };
}

async function createClients(operator: Operator, { origin, callback, hop }: CallbackServer) {
  const person = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], scope: everything };
  const machine = { grant_types: ['client_credentials'], response_types: [] };
  const api = await operator.createClient({ ...machine, client_name: 'Example API', resource_identifier: apiResource });
  const [web, app, stranger] = await Promise.all([
    operator.createClient({
      ...person,
      client_name: 'Example Web',
      redirect_uris: [callback, hop],
      post_logout_redirect_uris: [`${origin}/signed-out`],
      allowed_resources: [apiResource],
    }),
    operator.createClient({
      ...person,
      client_name: 'Example App',
      redirect_uris: [callback],
      token_endpoint_auth_method: 'none',
      id_token_signed_response_alg: 'ES256',
    }),
    operator.createClient({ ...machine, client_name: 'Stranger' }),
  ]);
  return { api, web, app, stranger };
}
