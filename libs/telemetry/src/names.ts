/** Names of metrics, labels and span attributes: what dashboards and alerts rely on. Nothing else spells them. */

export const metricNames = {
  rpcServerDuration: 'authority_rpc_server_duration_seconds',
  rpcClientDuration: 'authority_rpc_client_duration_seconds',
  httpServerDuration: 'authority_http_server_duration_seconds',
  outboundDuration: 'authority_outbound_duration_seconds',
  refusals: 'authority_refusals_total',
  jobLateness: 'authority_job_lateness_seconds',
  jobDuration: 'authority_job_duration_seconds',
  epochs: 'authority_ephemeral_epochs_total',
  outboxWaiting: 'authority_outbox_waiting',
  outboxOldest: 'authority_outbox_oldest_seconds',
  outboxDead: 'authority_outbox_dead_letters',
  outboxAttempts: 'authority_outbox_attempts_total',
  outboxDuration: 'authority_outbox_attempt_duration_seconds',
  mails: 'authority_mails_total',
  buildInfo: 'authority_build_info',
  logLines: 'authority_log_lines_total',
  processCpu: 'process_cpu_seconds_total',
  processMemory: 'process_resident_memory_bytes',
  processStart: 'process_start_time_seconds',
  heapUsed: 'nodejs_heap_used_bytes',
  eventLoopDelay: 'nodejs_eventloop_delay_p99_seconds',
} as const;

export const labelNames = {
  service: 'service',
  method: 'method',
  /** gRPC's word for the outcome, `OK` included. */
  code: 'code',
  /** The route's pattern, never the path: a path is the caller's choice and would make a series each. */
  route: 'route',
  status: 'status',
  reason: 'reason',
  peer: 'peer',
  /** What runs by itself. */
  job: 'job',
  /** `ok` or `failed`. */
  outcome: 'outcome',
  /** A queue of an outbox. */
  queue: 'queue',
  /** A kind of mail. */
  kind: 'kind',
  /** Why the store of short-lived state was given a new epoch. */
  cause: 'cause',
} as const;

export const attributeNames = {
  reason: 'authority.reason',
  errorType: 'error.type',
  rpcSystem: 'rpc.system',
  rpcService: 'rpc.service',
  rpcMethod: 'rpc.method',
  rpcStatus: 'rpc.grpc.status',
  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  serverAddress: 'server.address',
  batchSize: 'authority.batch.size',
  clientId: 'authority.client_id',
  grantType: 'authority.grant_type',
  statement: 'db.operation.name',
} as const;
