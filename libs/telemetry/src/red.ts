import { counter, histogram } from './metrics.ts';
import { labelNames, metricNames } from './names.ts';

/** Rate, errors and duration of every door: the histogram's count is the rate, its outcome label the errors. */
const { service, method, code, route, status, reason, peer } = labelNames;

const rpcServer = histogram(metricNames.rpcServerDuration, 'RPCs answered, by outcome.', [service, method, code, peer]);
const rpcClient = histogram(metricNames.rpcClientDuration, 'RPCs made, by outcome.', [service, method, code]);
const httpServer = histogram(metricNames.httpServerDuration, 'HTTP requests answered, by route and status.', [method, route, status]);
const outbound = histogram(metricNames.outboundDuration, 'HTTP requests to others, by outcome.', [status]);
const refusals = counter(metricNames.refusals, 'Requests refused, by reason.', [reason]);

export interface RpcOutcome {
  /** `authority.token.v1.TokenService` */
  readonly service: string;
  readonly method: string;
  /** gRPC code name. */
  readonly code: string;
  readonly peer?: string;
}

export function observeRpcServer(outcome: RpcOutcome, seconds: number): void {
  const { service, method, code, peer = '' } = outcome;
  rpcServer.observe(seconds, { service, method, code, peer });
}

export function observeRpcClient(outcome: RpcOutcome, seconds: number): void {
  const { service, method, code } = outcome;
  rpcClient.observe(seconds, { service, method, code });
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** `route` is the pattern; a request that met none is `none`. The method is the caller's text: unknown ones are one. */
export function observeHttp(request: { method: string; route?: string | undefined; status: number }, seconds: number): void {
  const method = methods.has(request.method) ? request.method : 'other';
  httpServer.observe(seconds, { method, route: request.route ?? 'none', status: request.status });
}

/** `status`: `2xx` … `5xx`, or why there was none (`timeout`, `address_refused`, …). */
export function observeOutbound(outcome: string, seconds: number): void {
  outbound.observe(seconds, { status: outcome });
}

/** A word of the closed union of @authority/errors. */
export function countRefusal(reason: string): void {
  refusals.add(1, { reason });
}
