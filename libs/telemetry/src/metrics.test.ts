import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricsWanted, tracesWanted } from './exporters.ts';
import { counter, gauge, histogram, type MetricsServer, metricsServer, observeHttp, observeRpcServer, setLogSink } from './index.ts';

let server: MetricsServer;
let ready: boolean | Error = true;
let undo: () => void;

beforeAll(async () => {
  undo = setLogSink(() => {});
  counter('test_early_total', 'Made before anybody reads.').add(1);
  server = await metricsServer({
    listen: { host: '127.0.0.1', port: 0 },
    ready: async () => {
      if (ready instanceof Error) throw ready;
      return { ready, parts: { database: ready } };
    },
  });
});
afterAll(async () => {
  undo();
  await server.close();
});

const get = (path: string, method = 'GET'): Promise<Response> => fetch(`http://127.0.0.1:${server.port}${path}`, { method });

describe('issue 2 "Telemetry": RED metrics on /metrics', () => {
  it('counters, histograms and gauges are served as Prometheus text', async () => {
    const requests = counter('test_requests_total', 'Requests.', ['code']);
    requests.add(2, { code: 'OK' });
    counter('test_requests_total', 'Requests.', ['code']).add(1, { code: 'O"K\n' });
    histogram('test_seconds', 'Time.', [], [0.1, 1]).observe(0.5);
    gauge('test_size', 'Size.', ['queue']).set(3, { queue: 'a' });
    gauge('test_now', 'Now.').read(() => 7);
    observeRpcServer({ service: 's', method: 'Exchange', code: 'OK', peer: 'gateway' }, 0.002);
    observeHttp({ method: 'BREW', status: 404 }, 0.002);
    const response = await get('/metrics');
    const text = await response.text();
    expect(response.headers.get('content-type')).toContain('version=0.0.4');
    for (const line of [
      '# TYPE test_requests_total counter',
      'test_requests_total{code="OK"} 2',
      'test_requests_total{code="O\\"K\\n"} 1',
      'test_seconds_bucket{le="0.1"} 0',
      'test_seconds_bucket{le="1"} 1',
      'test_seconds_bucket{le="+Inf"} 1',
      'test_size{queue="a"} 3',
      'test_now 7',
      'authority_rpc_server_duration_seconds_count{service="s",method="Exchange",code="OK",peer="gateway"} 1',
      'authority_http_server_duration_seconds_count{method="other",route="none",status="404"} 1',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(text).toMatch(/^process_cpu_seconds_total [\d.]+$/m);
  });

  it('a name has one meaning', () => {
    counter('test_once_total', 'Once.');
    expect(() => histogram('test_once_total', 'Once.')).toThrow('defined twice');
    expect(() => counter('test_once_total', 'Once.', ['x'])).toThrow('defined twice');
  });
});

describe('issue 2 "probes": health over plain HTTP', () => {
  it('live hangs on no store; ready says what it waits for', async () => {
    expect((await get('/health/ready')).status).toBe(200);
    ready = false;
    const response = await get('/health/ready');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'not ready', parts: { database: false } });
    expect((await get('/health/live')).status).toBe(200);
  });

  it('a readiness check that throws is not ready, and its text stays inside', async () => {
    ready = new Error('password=hunter2');
    const response = await get('/health/ready');
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain('hunter2');
  });

  it('nothing else is there', async () => {
    expect((await get('/')).status).toBe(404);
    expect((await get('/metrics', 'POST')).status).toBe(405);
    expect((await get('/health/live', 'HEAD')).status).toBe(200);
  });
});

describe('OpenTelemetry "Environment Variable Specification"', () => {
  it.each([
    [{}, false, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, true, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_SDK_DISABLED: 'true' }, false, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_TRACES_EXPORTER: 'none' }, false, false],
    [{ OTEL_TRACES_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'prometheus' }, true, false],
    [{ OTEL_METRICS_EXPORTER: 'otlp' }, false, true],
  ])('%j: traces %s, metrics pushed %s', (env, traces, metrics) => {
    expect([tracesWanted(env), metricsWanted(env)]).toEqual([traces, metrics]);
  });
});
