import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { log, setLogLevel, setLogSink, withRemoteParent } from './index.ts';

let lines: string[];
let undo: () => void;
beforeEach(() => {
  lines = [];
  undo = setLogSink((line) => lines.push(line));
});
afterEach(() => {
  undo();
  setLogLevel('info');
});

const only = (): Record<string, unknown> => JSON.parse(lines[0] ?? '') as Record<string, unknown>;

describe('issue 2 "Telemetry": JSON logs with trace ids and reasons', () => {
  it('one event is one line with time, level, service, event and its fields', () => {
    log.info('code_redeemed', { client_id: 'c1', text: 'a\nb' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\n]*\n$/);
    expect(only()).toMatchObject({ level: 'info', service: 'authority', event: 'code_redeemed', client_id: 'c1', text: 'a\nb' });
    expect(Date.parse(String(only().time))).toBeGreaterThan(0);
  });

  it('W3C Trace Context §3.2: a line names the trace it is in, with tracing off too', () => {
    withRemoteParent('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', () => log.warn('x'));
    expect(only()).toMatchObject({ trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' });
  });

  it('a field cannot forge what is ours', () => {
    log.info('x', { level: 'fatal', event: 'y', trace_id: 'z' });
    expect(only()).toMatchObject({ level: 'info', event: 'x', level_: 'fatal', event_: 'y', trace_id_: 'z' });
  });

  it('below the level nothing is written', () => {
    log.debug('x');
    setLogLevel('error');
    log.warn('x');
    log.error('x');
    expect(lines).toHaveLength(1);
  });

  it('a field that cannot be read does not fail the request', () => {
    const bad = {
      get boom(): string {
        throw new Error('secret text');
      },
    };
    log.info('x', { bad });
    expect(only()).toMatchObject({ event: 'x', log_fault: 'Error' });
  });

  it('issue 2 item 5: a request with a secret in every place leaves none of them in the line', () => {
    const secrets = ['s3cr3t-value-1', 's3cr3t-value-2', 's3cr3t-value-3', 's3cr3t-value-4', 's3cr3t-value-5', 's3cr3t-value-6'];
    log.error('request_failed', {
      headers: { authorization: `Basic ${secrets[0]}`, cookie: `sid=${secrets[1]}` },
      body: new URLSearchParams({ client_secret: secrets[2] ?? '' }).toString(),
      request: { password: secrets[3], nested: [{ refreshToken: secrets[4] }] },
      error: new Error('outer', { cause: new Error(`upstream said {"access_token":"${secrets[5]}"}`) }),
      map: new Map([['token', secrets[0]]]),
    });
    expect(lines[0]).not.toMatch(/s3cr3t-value/);
  });
});
