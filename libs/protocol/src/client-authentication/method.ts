import type { Client } from '../model/client.ts';
import type { EndpointRequest, Evidence } from '../model/request.ts';
import type { ProtocolPorts } from '../ports.ts';
import type { ParameterMap } from '../primitives/parameters.ts';

export type ClientAuthenticationPorts = Pick<ProtocolPorts, 'issuer' | 'clients' | 'clientKeys' | 'replayMarks' | 'policy'>;

/** A way for a client to prove who it is. Adding one: its file, and its line in index.ts. */
export interface ClientAuthenticationMethod {
  /** Its name in the IANA registry "OAuth Token Endpoint Authentication Methods". */
  name: string;
  /** Algorithms of its assertions, where it has some: `token_endpoint_auth_signing_alg` is one of them. */
  signingAlgorithms?: readonly string[];
  /** The credential in the request, or undefined when the request does not use this method. */
  present(request: EndpointRequest, parameters: ParameterMap): PresentedCredential | undefined;
  /**
   * For methods whose credential is the connection (RFC 8705 §2): such a request looks like one of a public client. Throws
   * invalid_client unless the certificate is the client's.
   */
  verifyConnection?(evidence: Evidence, client: Client, ports: ClientAuthenticationPorts): void | Promise<void>;
}

export interface PresentedCredential {
  /** Who the client says it is. */
  client_id: string;
  /** Throws invalid_client unless the credential is the client's. A promise only where keys or marks must be asked. */
  verify(client: Client, ports: ClientAuthenticationPorts, now: number): void | Promise<void>;
}
