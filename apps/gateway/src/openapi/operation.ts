/** The parts of OpenAPI 3.1 that the protocol endpoints need; schemas are JSON Schema 2020-12. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  /** Where its rules are. */
  readonly description: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly unknown[];
  readonly requestBody?: unknown;
  readonly security?: readonly unknown[];
  /** Every status that a well-meant request can meet; whatever else goes wrong is `default`. */
  readonly responses: Readonly<Record<string, Response>>;
}

export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

/** Operations by method and path as the table of routes has them: `POST /oauth2/token`. */
export type Operations = Readonly<Record<string, Operation>>;

export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

export const json = (description: string, schema: string): Response => ({
  description,
  content: { 'application/json': { schema: ref(schema) } },
});

export const empty = (description: string): Response => ({ description });

const header = (description: string) => ({ description, schema: { type: 'string' } });

/** A page for a person. */
export const page = (description: string): Response => ({ description, content: { 'text/html': { schema: { type: 'string' } } } });

/** On to another address, of ours or of the client. */
export const seeOther = (description: string): Response => ({ description, headers: { Location: header('Where the browser goes.') } });

export const unchanged: Response = { description: 'Unchanged since the entity tag of If-None-Match (RFC 9110 §15.4.5).' };

const nonce = header('A nonce for the next DPoP proof (RFC 9449 §8.2).');

/** RFC 6749 §5.2. */
export const refused: Response = { ...json('Refused (RFC 6749 §5.2).', 'Error'), headers: { 'DPoP-Nonce': nonce } };

/** RFC 6749 §5.2, RFC 6750 §3: with a challenge. */
export const unauthenticated: Response = {
  ...json('The credential is missing, wrong or no longer valid (RFC 6749 §5.2, RFC 6750 §3.1).', 'Error'),
  headers: { 'WWW-Authenticate': header('The challenge.'), 'DPoP-Nonce': nonce },
};

/** A form body: its parameters are strings, and none may be sent twice but those of the list. */
export function form(required: readonly string[], properties: Readonly<Record<string, string>>, repeatable: readonly string[] = []) {
  const text = (name: string, description: string): Schema =>
    repeatable.includes(name) ? { description, type: 'array', items: { type: 'string' } } : { description, type: 'string' };
  const entries = Object.entries(properties).map(([name, description]) => [name, text(name, description)]);
  const schema = { type: 'object', ...(required.length > 0 && { required }), properties: Object.fromEntries(entries) };
  return { required: true, content: { 'application/x-www-form-urlencoded': { schema } } };
}

/** As `form`, in the query. */
export function query(required: readonly string[], properties: Readonly<Record<string, string>>) {
  return Object.entries(properties).map(([name, description]) => ({
    ...{ name, in: 'query', description, required: required.includes(name), schema: { type: 'string' } },
  }));
}

/** How clients authenticate (RFC 6749 §2.3): the header, or parameters that stand in every such form. */
export const clientSecurity = [{ clientBasic: [] }, {}];
export const clientParameters = {
  client_id: 'The client, where it does not authenticate by the header.',
  client_secret: 'client_secret_post.',
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer.',
  client_assertion: 'private_key_jwt or client_secret_jwt (RFC 7523 §2.2).',
} as const;
