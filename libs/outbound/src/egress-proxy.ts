import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Address } from './resolve.ts';
import { OutboundError } from './outbound-error.ts';

/**
 * A tunnel through the operator's proxy (RFC 9110 §9.3.6). It is asked for the address that was checked and not for
 * the name: the proxy must not resolve it again to something else. (A proxy that only lets names through cannot be used.)
 */
export function openTunnel(proxy: URL, target: Address, port: number, signal: AbortSignal): Promise<Socket> {
  const authority = `${target.family === 6 ? `[${target.address}]` : target.address}:${port}`;
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const request = proxy.protocol === 'https:' ? requestHttps : requestHttp;
  const host = proxy.hostname.replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve, reject) => {
    const connect = request({
      method: 'CONNECT',
      host,
      port: Number(proxy.port) || (proxy.protocol === 'https:' ? 443 : 80),
      path: authority,
      agent: false,
      signal,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      headers: {
        host: authority,
        ...(proxy.username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
      },
    });
    const fail = (detail: string, cause?: unknown): void => reject(new OutboundError('proxy_failed', authority, detail, cause));
    connect.once('connect', (response, socket: Socket, head) => {
      // What a proxy sends before the target has been asked anything is not the target's.
      if (response.statusCode === 200 && head.length === 0) return resolve(bound(socket, signal));
      socket.destroy();
      fail(`the egress proxy answered ${response.statusCode ?? 0}`);
    });
    connect.once('response', (response) => {
      response.destroy();
      fail(`the egress proxy answered ${response.statusCode ?? 0}`);
    });
    connect.on('error', (cause) => (signal.aborted ? reject(signal.reason) : fail('the egress proxy cannot be reached', cause)));
    connect.end();
  });
}

/** The tunnel ends with the request it was opened for; its errors reach the request that runs in it. */
function bound(socket: Socket, signal: AbortSignal): Socket {
  socket.on('error', () => {});
  if (signal.aborted) socket.destroy();
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  return socket;
}
