import { TokenServiceService } from '@authority/contracts/token';
import { OAuthError, StatusError } from '@authority/errors';
import type { Client, Runtime } from '@authority/rpc';

type Introspect = Client<typeof TokenServiceService>['introspect'];

/** RFC 7662 at the token service, which knows this peer by its certificate and asks for no client authentication. */
export function introspectionOver(runtime: Pick<Runtime, 'connect'>): (token: string) => Promise<Readonly<Record<string, unknown>>> {
  const { introspect } = runtime.connect('token', TokenServiceService);
  return (token) => ask(introspect, token);
}

async function ask(introspect: Introspect, token: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { body } = await introspect(
      {
        parameters: [
          { name: 'token', value: token },
          { name: 'token_type_hint', value: 'access_token' },
        ],
        authorization: '',
        evidence: undefined,
        jwt: false,
      },
      { lane: 'cpu', idempotent: true },
    );
    return objectOf(body);
  } catch (error) {
    throw unavailable(error);
  }
}

/** RFC 7662 §2.2: a JSON object. Anything else is a fault of a peer, and nobody gets in by it. */
function objectOf(body: string): Readonly<Record<string, unknown>> {
  const facts = parsed(body);
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts)) throw new Error('introspection answered no object');
  return { ...facts };
}

/** The parser's own message would bring a piece of the body into the log. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** A token service that cannot say must not be taken for one that says no: the operator tries again. */
function unavailable(error: unknown): unknown {
  const unsure =
    (error instanceof OAuthError && error.error === 'temporarily_unavailable') ||
    (error instanceof StatusError && (error.code === 'UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED'));
  if (!unsure) return error;
  return new StatusError('UNAVAILABLE', error.reason, {
    message: 'authorization: the token service cannot judge the token now; try again in a moment',
    retryAfterMs: 1000,
    cause: error,
  });
}
