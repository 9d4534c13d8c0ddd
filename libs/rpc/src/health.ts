import { health } from '@authority/contracts/standard';
import type * as grpc from '@grpc/grpc-js';
import { type Definition, serviceFullName } from './definition.ts';

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = health.HealthCheckResponse_ServingStatus;
const NOT_FOUND = 5;
const WATCH_MS = 1_000;

/** grpc.health.v1 over the services of one server. */
export function healthService(
  definitions: readonly Definition[],
  ready: () => boolean,
): { definition: Definition; implementation: grpc.UntypedServiceImplementation } {
  const known = new Set(['', ...definitions.map(serviceFullName)]);
  const status = (): typeof SERVING | typeof NOT_SERVING => (ready() ? SERVING : NOT_SERVING);
  const implementation: health.HealthServer = {
    check: (call, callback) => {
      if (known.has(call.request.service)) callback(null, { status: status() });
      else callback({ code: NOT_FOUND, details: `unknown service ${call.request.service}` });
    },
    watch: (call) => {
      let last: number | undefined;
      const tell = (): void => {
        const now = known.has(call.request.service) ? status() : SERVICE_UNKNOWN;
        if (now !== last) call.write({ status: now });
        last = now;
      };
      tell();
      const timer = setInterval(tell, WATCH_MS);
      call.on('cancelled', () => clearInterval(timer));
      call.on('close', () => clearInterval(timer));
    },
  };
  return { definition: health.HealthService, implementation: { ...implementation } };
}
