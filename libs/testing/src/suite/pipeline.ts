import { connect } from 'node:net';
import { basic, type ClientCredential } from './requests.ts';

export interface PipelinedAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Sends the same form POST many times in one write on one connection (HTTP/1.1 pipelining, RFC 9112 §9.3.2): the server
 * reads them in one turn of its event loop, which no number of parallel connections can promise.
 */
export function pipelined(
  url: string,
  form: Readonly<Record<string, string>>,
  client: ClientCredential,
  count: number,
): Promise<PipelinedAnswer[]> {
  const { hostname, port, pathname, host } = new URL(url);
  const isPublic = client.client_secret === undefined;
  const body = new URLSearchParams(isPublic ? { ...form, client_id: client.client_id } : form).toString();
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(isPublic ? [] : [`Authorization: ${basic(client)}`]),
  ];
  const one = `${head.join('\r\n')}\r\n\r\n${body}`;
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname, () => socket.write(one.repeat(count)));
    socket.setTimeout(15_000, () => socket.destroy(new Error('the pipeline is not answered')));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const answers = answersIn(received);
      if (answers.length < count) return;
      socket.destroy();
      resolve(answers);
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection ended before its last answer'))); // no effect after resolve
  });
}

/** The whole answers at the beginning of what was received. */
function answersIn(received: Buffer): PipelinedAnswer[] {
  const answers: PipelinedAnswer[] = [];
  for (let at = 0; ; ) {
    const end = received.indexOf('\r\n\r\n', at);
    if (end === -1) return answers;
    const head = received.toString('latin1', at, end);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) throw new Error(`an answer without Content-Length: ${head}`);
    const bodyEnd = end + 4 + length;
    if (bodyEnd > received.length) return answers;
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
    answers.push({ status, body: JSON.parse(received.toString('utf8', end + 4, bodyEnd)) as Record<string, unknown> });
    at = bodyEnd;
  }
}
