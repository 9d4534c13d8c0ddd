import { OAuthError } from '@authority/errors';
import { isObject } from './jwt.ts';
import { isText } from './parameters.ts';

/** How one claim is asked for (OpenID Connect Core §5.5.1). */
export interface ClaimRequest {
  essential: boolean;
  /** `values`, or `value` alone; absent: any. */
  values?: readonly unknown[];
}

/** The `claims` parameter (OpenID Connect Core §5.5), by the name of the claim. Other members are ignored, as §5.5 has it. */
export interface ClaimsParameter {
  userinfo: ReadonlyMap<string, ClaimRequest>;
  id_token: ReadonlyMap<string, ClaimRequest>;
}

/** A request for every standard claim, with values, is below half of each. */
const longest = 8192;
const mostClaims = 64;
const longestName = 256;
const mostValues = 32;

/** Reads the parameter: bounded in size and number, every member by its type; whatever is wrong is invalid_request. */
export function parseClaims(text: string): ClaimsParameter {
  if (text.length > longest) throw malformed(`is longer than ${longest} characters`);
  const claims = parseObject(text);
  return { userinfo: parseMember(claims, 'userinfo'), id_token: parseMember(claims, 'id_token') };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    // Deep nesting is no danger: the parser of V8 does not recurse, and nothing here looks deeper than three levels.
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below, with what is no object.
  }
  throw malformed('is not a JSON object');
}

function parseMember(claims: Record<string, unknown>, member: 'userinfo' | 'id_token'): ReadonlyMap<string, ClaimRequest> {
  const asked = Object.hasOwn(claims, member) ? claims[member] : undefined;
  if (asked === undefined || asked === null) return new Map();
  if (!isObject(asked)) throw malformed(`has a member ${member} that is no object`);
  const entries = Object.entries(asked);
  if (entries.length > mostClaims) throw malformed(`asks for more than ${mostClaims} claims`);
  return new Map(entries.map(([name, how]) => [readName(name), readRequest(how)]));
}

function readName(name: string): string {
  if (name.length > longestName || !isText(name)) throw malformed('has a name that no claim has');
  return name;
}

/** §5.5.1: null, or an object of essential, value and values; members that are not understood are ignored. */
function readRequest(how: unknown): ClaimRequest {
  if (how === null) return { essential: false };
  if (!isObject(how)) throw malformed('asks for a claim by something that is neither null nor an object');
  const essential = Object.hasOwn(how, 'essential') ? how['essential'] : false;
  if (typeof essential !== 'boolean') throw malformed('has a member essential that is no boolean');
  if (Object.hasOwn(how, 'values')) {
    const values: unknown = how['values'];
    if (!Array.isArray(values) || values.length > mostValues) throw malformed(`has values that are no array of at most ${mostValues}`);
    return { essential, values };
  }
  return Object.hasOwn(how, 'value') ? { essential, values: [how['value']] } : { essential };
}

function malformed(what: string): OAuthError {
  return new OAuthError('invalid_request', 'claims_malformed', { description: `claims ${what}` });
}
