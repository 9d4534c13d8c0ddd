import { request } from './requests.ts';

/** The sum of a metric's samples whose labels match (Prometheus text format 0.0.4); 0 where there are none. */
export async function metric(baseUrl: string, name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const { status, text } = await request(`${baseUrl}/metrics`);
  if (status !== 200) throw new Error(`${baseUrl}/metrics answered ${status}`);
  let sum = 0;
  for (const line of text.split('\n')) {
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (sample?.[1] !== name) continue;
    const found = new Map([...(sample[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', value = '']) => [key, value]));
    if (Object.entries(labels).every(([key, value]) => found.get(key) === value)) sum += Number(sample[3]);
  }
  return sum;
}

/** How many RPCs of a method a process has answered. */
export function served(baseUrl: string, method: string, more: Readonly<Record<string, string>> = {}): Promise<number> {
  return metric(baseUrl, 'authority_rpc_server_duration_seconds_count', { method, ...more });
}
