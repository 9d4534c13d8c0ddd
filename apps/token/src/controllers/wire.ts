import type { Parameter, TransportEvidence } from '@authority/contracts/rpc';
import type { EndpointRequest, Evidence } from '@authority/protocol';

/** What the endpoints of the back channel have in common on the wire. */
interface EndpointMessage {
  parameters: Parameter[];
  authorization: string;
  evidence: TransportEvidence | undefined;
}

const noEvidence: Evidence = {
  peer_address: '',
  method: '',
  url: '',
  user_agent: '',
  tls_client_certificate: new Uint8Array(),
  tls_client_certificate_verified: false,
  dpop: '',
};

export function endpointRequest({ parameters, authorization, evidence }: EndpointMessage): EndpointRequest {
  return { parameters, authorization, evidence: evidence ?? noEvidence };
}
