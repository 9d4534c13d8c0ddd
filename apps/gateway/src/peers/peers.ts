import { FlowServiceService } from '@authority/contracts/identity';
import { SessionServiceService } from '@authority/contracts/session';
import {
  ApplicationServiceService,
  AuthorizationServiceService,
  RegistrationServiceService,
  TokenServiceService,
} from '@authority/contracts/token';
import type { Client, Runtime } from '@authority/rpc';

/** Everything that the edge asks of others (libs/rpc's topology allows it no more). */
export interface Peers {
  readonly token: Pick<
    Client<typeof TokenServiceService>,
    'exchange' | 'introspect' | 'revoke' | 'userInfo' | 'getJwks' | 'getMetadata' | 'getRevocationList' | 'allowOrigin' | 'authorizeDevice'
  >;
  readonly authorization: Client<typeof AuthorizationServiceService>;
  readonly applications: Client<typeof ApplicationServiceService>;
  readonly registration: Client<typeof RegistrationServiceService>;
  readonly session: Pick<Client<typeof SessionServiceService>, 'begin' | 'attest' | 'listOwn' | 'endOwn' | 'end'>;
  readonly flow: Client<typeof FlowServiceService>;
}

export function connectPeers(runtime: Runtime): Peers {
  return {
    token: runtime.connect('token', TokenServiceService),
    authorization: runtime.connect('token', AuthorizationServiceService),
    applications: runtime.connect('token', ApplicationServiceService),
    registration: runtime.connect('token', RegistrationServiceService),
    session: runtime.connect('session', SessionServiceService),
    flow: runtime.connect('identity', FlowServiceService),
  };
}
