/** Why nobody is signed in by a provider's answer; for the log. The person reads that it did not work. */
export type UpstreamFaultReason =
  | 'metadata_unavailable'
  | 'metadata_of_other_issuer'
  | 'metadata_malformed'
  | 'answer_malformed'
  | 'issuer_wrong'
  | 'denied'
  | 'code_missing'
  | 'secret_missing'
  | 'token_refused'
  | 'id_token_missing'
  | 'id_token_invalid'
  | 'nonce_wrong'
  | 'userinfo_refused'
  | 'userinfo_of_other_subject'
  | 'subject_missing';

export class UpstreamFault extends Error {
  constructor(
    readonly reason: UpstreamFaultReason,
    cause?: unknown,
  ) {
    super(reason, { cause });
  }
}
