import type { Authorization } from '../model/authorization.ts';
import type { Lane } from '../model/endpoint.ts';
import type { GrantRequest, Parameters } from '../model/request.ts';
import type { ProtocolPorts } from '../ports.ts';

export type GrantPorts = Pick<
  ProtocolPorts,
  | 'issuer'
  | 'clients'
  | 'resources'
  | 'scopes'
  | 'authorizationCodes'
  | 'grants'
  | 'refreshTokenMac'
  | 'deviceRequests'
  | 'deviceDecisions'
  | 'identities'
  | 'policy'
  | 'random'
  | 'revocations'
  | 'signingKeys'
  | 'sealingKeys'
  | 'consents'
  | 'replayMarks'
  | 'trustedIssuers'
>;

/** A grant type (RFC 6749 §4): data, and one function. It says who may have what; the mint makes the tokens. */
export interface Grant {
  /** The value of `grant_type`. */
  type: string;
  /** The parameters that it reads; it sees no others. */
  parameters: readonly string[];
  /** What it needs, once the client is authenticated; by the parameters, where they decide. */
  lane: Lane | ((parameters: Parameters) => Lane);
  /** Answers without a promise where memory is enough, for the CPU lane. */
  authorize(request: GrantRequest, ports: GrantPorts): Authorization | Promise<Authorization>;
}
