import { type Answer, type CreatedClient, post, request } from '@authority/testing/suite';

/** Where a bad request goes, and the clients that it speaks for. */
export interface Target {
  at(path: string): string;
  readonly machine: CreatedClient;
  readonly web: CreatedClient;
}

type Send = (target: Target) => Promise<Answer>;
export type BadRequest = readonly [title: string, send: Send, status: number, error: string, reason: string];

export const formType = 'application/x-www-form-urlencoded';
export const grant = 'grant_type=client_credentials';
const token = '/oauth2/token';

const byMachine =
  (form: string): Send =>
  ({ at, machine }) =>
    post(at(token), form, machine);
const byWeb =
  (form: string): Send =>
  ({ at, web }) =>
    post(at(token), form, web);
const bare =
  (path: string, body: string | Uint8Array<ArrayBuffer>, type?: string): Send =>
  ({ at }) =>
    request(at(path), { method: 'POST', body, ...(type !== undefined && { headers: { 'content-type': type } }) });
const bySecret =
  (client_secret: string): Send =>
  ({ at, machine }) =>
    post(at(token), grant, { client_id: machine.client_id, client_secret });

const code = `grant_type=authorization_code&code=x&code_verifier=${'v'.repeat(43)}`;
const stranger: Send = ({ at }) => post(at(token), grant, { client_id: 'c_nobody', client_secret: 'x' });
const twice = `${grant}&resource=https://a.example&resource=https://b.example`;
const invalid = 'invalid_request';

// biome-ignore format: a table is read by its columns
/** What clients send wrongly, and the answer that its RFC asks for. */
export const tokenRequests: readonly BadRequest[] = [
  ['RFC 6749 §3.2: a repeated parameter', byMachine(`${grant}&scope=a&scope=a`), 400, invalid, 'parameter_repeated'],
  ['RFC 6749 §5.2: no grant_type', byMachine('scope=a'), 400, invalid, 'parameter_missing'],
  ['RFC 6749 §5.2: an unknown grant_type', byMachine('grant_type=magic'), 400, 'unsupported_grant_type', 'grant_type_unknown'],
  ['RFC 6749 §5.2: a grant that the client has not', byMachine('grant_type=refresh_token&refresh_token=x'), 400, 'unauthorized_client', 'grant_type_not_allowed'],
  ['RFC 6749 §5.2: an unknown client', stranger, 401, 'invalid_client', 'client_unknown'],
  ['RFC 6749 §5.2: a wrong secret', bySecret('wrong'), 401, 'invalid_client', 'client_secret_wrong'],
  ['RFC 6749 §2.3: two methods at once', byMachine(`${grant}&client_secret=x`), 400, invalid, 'client_authentication_repeated'],
  ['RFC 6749 §3.3: an unknown scope', byMachine(`${grant}&scope=nothing`), 400, 'invalid_scope', 'scope_unknown'],
  ['RFC 6749 §3.3: a malformed scope', byMachine(`${grant}&scope=%22`), 400, 'invalid_scope', 'parameter_invalid'],
  ['RFC 8707 §2: an unknown resource', byMachine(`${grant}&resource=https://nowhere.example`), 400, 'invalid_target', 'resource_unknown'],
  ['RFC 8707 §2: several resources', byMachine(twice), 400, 'invalid_target', 'resource_unknown'],
  ['RFC 6749 Appendix B: JSON instead of a form', bare(token, '{}', 'application/json'), 400, invalid, 'content_type_wrong'],
  ['RFC 6749 Appendix B: no content type', bare(token, Buffer.from(grant)), 400, invalid, 'content_type_wrong'],
  ['RFC 6749 Appendix B: a broken percent sign', bare(token, 'grant_type=%zz', formType), 400, invalid, 'encoding_invalid'],
  ['RFC 6749 Appendix B: NUL', bare(token, `${grant}&scope=%00`, formType), 400, invalid, 'encoding_invalid'],
  ['RFC 6749 Appendix B: invalid UTF-8, encoded', bare(token, `${grant}&scope=%ff`, formType), 400, invalid, 'encoding_invalid'],
  ['RFC 6749 Appendix B: invalid UTF-8, bare', bare(token, Buffer.from([0x61, 0x3d, 0xc3, 0x28]), formType), 400, invalid, 'encoding_invalid'],
  ['contract.md: a body over 64 KiB', bare(token, `${grant}&x=${'a'.repeat(65_536)}`, formType), 413, invalid, 'body_too_large'],
  ['RFC 9110 §15.5.6: GET at the token endpoint', ({ at }) => request(at(token)), 405, invalid, 'method_not_allowed'],
  ['RFC 6749 §4.1.3: a code that is none', byWeb(code), 400, 'invalid_grant', 'code_malformed'],
  ['RFC 6749 §6: a refresh token that is none', byWeb('grant_type=refresh_token&refresh_token=ar1_xxxx'), 400, 'invalid_grant', 'refresh_token_malformed'],
  ['RFC 7662 §2.1: introspection without authentication', bare('/oauth2/introspect', 'token=x', formType), 401, 'invalid_client', 'client_authentication_missing'],
  ['RFC 7009 §2.1: revocation without a token', ({ at, machine }) => post(at('/oauth2/revoke'), '', machine), 400, invalid, 'parameter_missing'],
  ['RFC 7591 §3.2.2: registration without an initial access token', bare('/oauth2/register', '{"redirect_uris":["https://a.example/cb"]}', 'application/json'), 401, 'invalid_token', 'registration_token_missing'],
];
