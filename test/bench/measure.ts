import { coreReader, cpuSeconds, pin, rssMiB } from './cpu.ts';
import { drive, type Measured } from './driver.ts';
import type { Flow } from './flows.ts';
import type { Target } from './target.ts';

export interface Row extends Measured {
  flow: string;
  target: string;
  /** Of the server's processes. */
  cpuMicrosPerRequest: number;
  storeCpuMicrosPerRequest: number;
  rssMiB: number;
  /** Of the core that the load and the stores share, 0 to 1. */
  loadCoreBusy: number;
}

export const SERVER_CORE = 0;
const LOAD_CORE = 1;

/** All server processes on one core, the stores and the load on the other (performance.md). */
export function settle(target: Target): void {
  pin(target.pids(), SERVER_CORE);
  pin(target.storePids(), LOAD_CORE);
}

/** Unless the flow has fewer to spare. */
const WARM_UP_REQUESTS = 20_000;

/** Every target is as warm as it will be: a just-in-time compiler's first seconds say nothing about a server. */
async function warmUp(load: Prepared, host: string, port: number, connections: number): Promise<void> {
  let left = load.warmUpRequests ?? WARM_UP_REQUESTS;
  await drive({ ...load, host, port, connections, seconds: 5, next: (connection) => (left-- > 0 ? load.next(connection) : undefined) });
}

type Prepared = Awaited<ReturnType<Flow['prepare']>>;

export async function measure(flow: Flow, target: Target, seconds: number, connections = 64): Promise<Row> {
  settle(target);
  const load = await flow.prepare(target, seconds);
  const { hostname, port } = new URL(target.issuer);
  const host = hostname === 'localhost' ? '127.0.0.1' : hostname;
  settle(target);
  await warmUp(load, host, Number(port), connections);
  const pids = target.pids();
  const stores = target.storePids();
  const before = { server: cpuSeconds(pids), stores: cpuSeconds(stores) };
  const busy = coreReader(LOAD_CORE);
  const measured = await drive({ ...load, host, port: Number(port), connections, seconds });
  const perRequest = (spent: number): number => (spent * 1e6) / Math.max(1, measured.requests);
  return {
    ...measured,
    flow: flow.name,
    target: target.name,
    cpuMicrosPerRequest: perRequest(cpuSeconds(pids) - before.server),
    storeCpuMicrosPerRequest: perRequest(cpuSeconds(stores) - before.stores),
    rssMiB: rssMiB(pids),
    loadCoreBusy: busy(),
  };
}
