import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { currentTrace, isTracing, log, openSpan, setLogSink, span, startTelemetry, withRemoteParent } from './index.ts';

/** An OTLP collector that keeps what it was sent. */
interface ExportedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  kind: number;
  status: { code?: number; message?: string };
  attributes: { key: string; value: { stringValue?: string } }[];
  links?: { traceId: string; spanId: string }[];
  events?: unknown[];
}
const bodies: string[] = [];
let collector: Server;
let undo: () => void;

beforeAll(async () => {
  undo = setLogSink(() => {});
  collector = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      bodies.push(body);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  undo();
  vi.unstubAllEnvs();
  collector.close();
});

function exported(): ExportedSpan[] {
  interface Payload {
    resourceSpans: { scopeSpans: { spans: ExportedSpan[] }[] }[];
  }
  return bodies
    .flatMap((body) => (JSON.parse(body) as Payload).resourceSpans)
    .flatMap((one) => one.scopeSpans)
    .flatMap((one) => one.spans);
}

it('issue 2 item 8: spans of one request are one trace in a collector, the batch linked, and no secret in any', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(collector.address() as AddressInfo).port}`);
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json');
  const telemetry = await startTelemetry({ service: 'token', version: '0.1.0', env: process.env, exitOnFatal: false });
  expect(isTracing()).toBe(true);

  const refusal = Object.assign(new Error('code=abc was replayed'), { reason: 'code_replayed' });
  await withRemoteParent('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', async () => {
    await span('exchange', { client_secret: 'hunter2', 'authority.client_id': 'c1' }, async () => {
      const item = openSpan('item', {}, { kind: 'client' });
      const batch = openSpan('batch', undefined, { parent: 'root', links: [item.traceparent, 'nonsense'] });
      batch.end();
      item.set('url', 'https://x/?code=hunter2');
      item.end(refusal);
      log.info('x');
      expect(currentTrace()?.traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    });
  });
  await telemetry.stop();
  expect(isTracing()).toBe(false);

  const [exchange, item, batch] = ['exchange', 'item', 'batch'].map((name) => exported().find((one) => one.name === name));
  expect(exchange).toMatchObject({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', parentSpanId: '00f067aa0ba902b7' });
  expect(item).toMatchObject({ traceId: exchange?.traceId, parentSpanId: exchange?.spanId, kind: 3, status: { code: 2 } });
  expect(item?.attributes).toContainEqual({ key: 'authority.reason', value: { stringValue: 'code_replayed' } });
  expect(batch?.traceId).not.toBe(exchange?.traceId);
  expect(batch?.links).toMatchObject([{ traceId: item?.traceId, spanId: item?.spanId }]);
  expect(bodies.join()).not.toMatch(/hunter2|abc was/);
  expect(bodies.join()).toContain('"token"');
});
