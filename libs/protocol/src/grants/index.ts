import { authorizationCode } from './authorization-code.ts';
import { clientCredentials } from './client-credentials.ts';
import { deviceCode } from './device-code.ts';
import type { Grant } from './grant.ts';
import { jwtBearer } from './jwt-bearer.ts';
import { password } from './password.ts';
import { refreshToken } from './refresh-token.ts';
import { tokenExchange } from './token-exchange.ts';

/** The registry; discovery lists it. */
export const grants: readonly Grant[] = [
  ...[authorizationCode, clientCredentials, password, refreshToken, deviceCode],
  ...[jwtBearer, tokenExchange],
];

const byType: ReadonlyMap<string, Grant> = new Map(grants.map((grant) => [grant.type, grant]));

export function findGrant(type: string): Grant | undefined {
  return byType.get(type);
}
